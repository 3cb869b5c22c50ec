#!/bin/sh
# Builds the npm package, installs it into an empty project, and runs the tests there. KITE_FULL=1 runs what takes long, too.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
tests=$PWD/bindings-wasm/tests

if ! command -v chromium >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "chromium is missing: install it, then run this again" >&2; exit 1; }
    apt-get update -q && apt-get install -qy --no-install-recommends chromium
fi
python3 -c 'import ensurepip, venv' 2>/dev/null || apt-get install -qy --no-install-recommends python3-venv
servers=$target/servers
[ -x "$servers/bin/pip" ] || python3 -m venv "$servers"
"$servers/bin/pip" install --quiet --disable-pip-version-check --prefer-binary --requirement tests/servers/requirements.txt
cargo run --quiet --locked -p xtask -- npm
cargo build --quiet --locked --workspace --bin kite --bin '*-emulator'
(cd "$target/npm" && npm pack --silent ./kitestring)
CARGO_TARGET_DIR="$target" sh examples/assemble.sh
project=$target/npm/project
rm -rf "$project" && mkdir -p "$project"
cp "$tests"/*.mjs "$tests"/*.mts "$tests"/*.cts "$tests/face.json" "$project"
echo '{ "name": "empty", "private": true, "type": "module" }' > "$project/package.json"
cd "$project"
# Without the network: the package needs nothing.
npm install --silent --no-audit --no-fund --offline ../kitestring-0.1.0.tgz
export TOOLS="$tests/node_modules" PROGRAMS="$target/debug" WSGIDAV="$servers/bin/wsgidav" SEAWEEDFS="$servers/bin/weed" EXAMPLES="$target/examples"
node --test --test-reporter=tap
