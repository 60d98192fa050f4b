#!/bin/bash
# Install what this project needs and build .venv: `packaging/setup.sh run` for using it, `… test` for developing it.
# Safe to repeat: does nothing when everything is already there. Needs root or sudo only while apt packages are missing.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
  run) lock=run ;;
  test) lock=test ;;
  *) sed -n 2,3p "$0"; exit 2 ;;
esac

# What the box and the demo run on: a broker, and headers to build systemd-python (it has no wheels).
debian=(python3-venv python3-dev gcc pkg-config libsystemd-dev mosquitto openssl ca-certificates)
# What the tests hold against it: a real browser, SoapySDR and network tools. PostgreSQL comes as a locked wheel: Debian's
# package would start a server of its own on this machine.
[ "$lock" = test ] && debian+=(chromium libatomic1 fonts-dejavu-core python3-soapysdr iproute2 procps git)

say() { echo "setup: $*" >&2; }

missing=()
for name in "${debian[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "installing Debian packages: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "these need root: run 'apt-get install ${missing[*]}' as root, then again"; exit 1; }
    as_root=(sudo)
  fi
  mkdir -p build
  {
    "${as_root[@]}" apt-get -q update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${missing[@]}"
  } >build/apt.log 2>&1 || { tail -n 20 build/apt.log >&2; say "apt failed; the whole log is build/apt.log"; exit 1; }
fi

stamp=.venv/.installed-$lock-$(cat requirements/{build,$lock}.lock pyproject.toml packaging/setup.sh | sha256sum | cut -c1-16)
[ -e "$stamp" ] && exit 0
if [ ! -x .venv/bin/python ]; then
  say "creating .venv with $(python3 --version)"
  python3 -m venv .venv
fi
say "installing Python packages from requirements/$lock.lock (hashes checked)"
pip_install() { .venv/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation "$@"; }
pip_install --require-hashes -r requirements/build.lock
pip_install --require-hashes --use-pep517 -r requirements/$lock.lock
pip_install --no-deps -e .
rm -f .venv/.installed-"$lock"-*
touch "$stamp"
say "ready: .venv/bin/nap --help"
