#!/bin/bash
# Write docs/third-party-licences.md: every package in requirements/run.lock with version and licence, as installed.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t names < <(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' requirements/run.lock)
{
  printf '# Third-party licences\n\n'
  printf 'What `make setup` installs from `requirements/run.lock`. Written by `make licences`; do not edit.\n\n'
  .venv/bin/pip-licenses --format=markdown --with-urls --order=name --packages "${names[@]}"
} >docs/third-party-licences.md
