#!/bin/sh
# Builds the library as it is shipped, puts the package together in target/python/shipped, and prints that folder.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/python"
target=$(cd "$target" && pwd)
# The names are taken off the library after the generator has read them.
{
    cargo build --quiet --locked -p kitestring-uniffi --features cli --bin uniffi-bindgen
    library=$(KITE_NAMES=1 sh bindings-uniffi/library.sh default)
    sh bindings-uniffi/python/assemble.sh "$library" "$target/debug/uniffi-bindgen" "$target/python/shipped"
    strip -x "$target/python/shipped/kitestring/$(basename "$library")"
} >&2
echo "$target/python/shipped"
