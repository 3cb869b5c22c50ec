#!/bin/sh
# Builds the library as it is shipped, puts the package together in target/python/shipped, and prints that folder.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/python"
target=$(cd "$target" && pwd)
case $(uname -s) in
Darwin) library=libkitestring_uniffi.dylib ;;
*) library=libkitestring_uniffi.so ;;
esac
# The library comes last: the generator's feature leaves a library of its own in the same place. Its names are taken off after
# the generator has read them.
{
    cargo build --quiet --locked -p kitestring-uniffi --features cli --bin uniffi-bindgen
    CARGO_PROFILE_LIBRARY_STRIP=none cargo build --quiet --locked -p kitestring-uniffi --lib --profile library
    sh bindings-uniffi/python/assemble.sh "$target/library/$library" "$target/debug/uniffi-bindgen" "$target/python/shipped"
    strip -x "$target/python/shipped/kitestring/$library"
} >&2
echo "$target/python/shipped"
