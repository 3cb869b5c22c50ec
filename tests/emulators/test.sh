#!/bin/sh
# Installs the official clients of the services, and puts the emulators through them.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
environment=$target/emulators

if ! { python3 -c 'import ensurepip, venv' && command -v npm; } >/dev/null 2>&1; then
  packages="python3-venv nodejs npm"
  [ "$(id -u)" = 0 ] || { echo "Python's venv or npm is missing: install $packages, then run this again" >&2; exit 1; }
  apt-get update -q && apt-get install -qy --no-install-recommends $packages
fi
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement tests/emulators/requirements.txt
cp tests/emulators/official/package.json tests/emulators/official/package-lock.json "$environment/"
npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$environment"

cargo build --locked --workspace --bin '*-emulator'

# Starts the emulator of a service, with further arguments behind the number of a channel, and sets `address`. It ends when its
# input does, which is when this script does.
start() {
  channel=$environment/$1-channel
  rm -f "$channel" "$environment/$1-address" && mkfifo "$channel"
  name=$1 number=$2
  shift 2
  "$target/debug/$name-emulator" "$@" <"$channel" >"$environment/$name-address" &
  eval "exec $number>\"\$channel\""
  for _ in $(seq 100); do
    [ -s "$environment/$name-address" ] && break
    sleep 0.1
  done
  address=$(head -n 1 "$environment/$name-address")
}

start dropbox 3
"$environment/bin/python" tests/emulators/official/dropbox_calls.py "$address"
node tests/emulators/official/dropbox_calls.mjs "$address" "$environment"
start gdrive 4
"$environment/bin/python" tests/emulators/official/gdrive_calls.py "$address"
start github 5 ann/notes
node tests/emulators/official/github_calls.mjs "$address" "$environment"
start onedrive 6
node tests/emulators/official/onedrive_calls.mjs "$address" "$environment"
