#!/bin/bash
# Renew requirements/*.lock from pyproject.toml: every version pinned, every file hashed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x build/uv/bin/uv ] || { python3 -m venv build/uv && build/uv/bin/pip -q install uv; }
compile() { # NAME ARGUMENT...
  local name=$1; shift
  build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url -o "requirements/$name.lock" "$@"
}
compile test --upgrade --extra systemd --extra cloud --extra dev pyproject.toml requirements/build.in
# The others hold the same versions.
compile run --extra systemd --extra cloud -c requirements/test.lock pyproject.toml
compile box --extra systemd -c requirements/test.lock pyproject.toml
compile build -c requirements/test.lock requirements/build.in
