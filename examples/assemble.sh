#!/bin/sh
# Puts each example together, ready to be loaded: its own files, what both share, and the package. It goes into target/examples.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$PWD/../target}
[ -f "$target/npm/kitestring/index.js" ] || { echo "the package is missing: run 'cargo xtask npm' first" >&2; exit 1; }
for example in extension web; do
    folder=$target/examples/$example
    rm -rf "$folder" && mkdir -p "$folder"
    cp shared/* "$example"/* "$folder"
    cp -r "$target/npm/kitestring" "$folder/kitestring"
done
