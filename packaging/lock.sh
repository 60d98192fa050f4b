#!/bin/bash
# Renew requirements/*.lock from pyproject.toml: every version pinned, every file hashed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x build/uv/bin/uv ] || { python3 -m venv build/uv && build/uv/bin/pip -q install uv; }
compile() { # NAME EXTRA...
  local name=$1; shift
  build/uv/bin/uv pip compile pyproject.toml requirements/build.in --quiet --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate --no-emit-index-url "${@/#/--extra=}" -o "requirements/$name.lock"
}
compile box systemd
compile run systemd cloud
compile test systemd cloud dev
