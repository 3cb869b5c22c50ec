#!/bin/sh
# Builds the module for Node, runs the examples with it, and prints "N passed, N failed" as its last line.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
package=$target/kitestring-node

if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx wasm32-unknown-unknown; then
    rustup target add wasm32-unknown-unknown
fi
cargo build --quiet -p kitestring-wasm --lib --target wasm32-unknown-unknown
cargo build --quiet -p kitestring-wasm --features generate --bin kitestring-wasm-generate
mkdir -p "$package"
package=$(cd "$package" && pwd)
"$target/debug/kitestring-wasm-generate" "$target/wasm32-unknown-unknown/debug/kitestring_wasm.wasm" "$package"
KITESTRING=$package/kitestring_wasm.js node bindings-wasm/examples/node-application.mjs
