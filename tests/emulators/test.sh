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

cargo build --locked -p kitestring-emulators --bin dropbox-emulator

# The emulator ends when its input does.
channel=$environment/channel
rm -f "$channel" && mkfifo "$channel"
"$target/debug/dropbox-emulator" <"$channel" >"$environment/address" &
exec 3>"$channel"
for _ in $(seq 100); do
  [ -s "$environment/address" ] && break
  sleep 0.1
done
address=$(head -n 1 "$environment/address")

"$environment/bin/python" tests/emulators/official/client.py "$address"
node tests/emulators/official/client.mjs "$address" "$environment"
