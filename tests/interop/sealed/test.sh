#!/bin/sh
# Makes an environment with what the reader needs, and runs its tests in it.
set -eu
cd "$(dirname "$0")/../../.."
environment=${CARGO_TARGET_DIR:-$PWD/target}/sealed-reader
reader=tests/interop/sealed

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "Python 3 or its module venv is missing: install python3-venv, then run this again" >&2; exit 1; }
  apt-get update -q && apt-get install -qy --no-install-recommends python3-venv
fi
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --requirement "$reader/requirements.txt"
PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$reader/test_read_vault.py"
