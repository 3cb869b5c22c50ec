#!/bin/sh
# Installs Google's own client, and puts the emulator of Google Drive through it.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
environment=$target/emulators-gdrive

if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || { echo "Python's venv is missing: install python3-venv, then run this again" >&2; exit 1; }
  apt-get update -q && apt-get install -qy --no-install-recommends python3-venv
fi
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement tests/emulators/gdrive-requirements.txt

cargo build --locked -p kitestring-emulators --bin gdrive-emulator

# The emulator ends when its input does.
channel=$environment/channel
rm -f "$channel" "$environment/address" && mkfifo "$channel"
"$target/debug/gdrive-emulator" <"$channel" >"$environment/address" &
exec 3>"$channel"
for _ in $(seq 100); do
  [ -s "$environment/address" ] && break
  sleep 0.1
done
"$environment/bin/python" tests/emulators/official/gdrive.py "$(head -n 1 "$environment/address")"
