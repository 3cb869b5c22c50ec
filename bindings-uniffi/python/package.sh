#!/bin/sh
# Builds the library for tests and puts the package for Python together in target/python/package, with an environment of its
# own beside it in target/python/venv.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/python"
target=$(cd "$target" && pwd)
source=$PWD/bindings-uniffi/python
case $(uname -s) in
Darwin) library=libkitestring_uniffi.dylib ;;
*) library=libkitestring_uniffi.so ;;
esac

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "Python's module venv is missing: install it, then run this again" >&2; exit 1; }
    apt-get update -q && apt-get install -qy --no-install-recommends python3-venv
fi
venv=$target/python/venv
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --prefer-binary --requirement "$source/requirements.txt"
# The library comes last: the generator's feature leaves a library of its own in the same place.
cargo build --quiet --locked --workspace --features kitestring-uniffi/cli --bin uniffi-bindgen
cargo build --quiet --locked --workspace --lib --features kitestring-uniffi/test-support
sh "$source/assemble.sh" "$target/debug/$library" "$target/debug/uniffi-bindgen" "$target/python/package"
