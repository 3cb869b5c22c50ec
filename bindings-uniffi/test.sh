#!/bin/sh
# Builds the library and its Python side, runs the examples, and prints "N passed, N failed" as its last line.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
package=$target/kitestring-python

case $(uname -s) in
Darwin) library=libkitestring_uniffi.dylib ;;
*) library=libkitestring_uniffi.so ;;
esac
# The library comes last: the generator's feature leaves a library of its own in the same place.
cargo build --quiet -p kitestring-uniffi --features cli --bin uniffi-bindgen
cargo build --quiet -p kitestring-uniffi --lib
mkdir -p "$package"
cp "$target/debug/$library" bindings-uniffi/python/kitestring_application.py "$package/"
"$target/debug/uniffi-bindgen" generate --language python --out-dir "$package" --no-format "$package/$library" >/dev/null
PYTHONPATH=$package PYTHONDONTWRITEBYTECODE=1 python3 bindings-uniffi/examples/notes.py
