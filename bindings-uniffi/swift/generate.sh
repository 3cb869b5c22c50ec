#!/bin/sh
# Puts the library into the folder $1, and its Swift side into $1/generated. KITE_PROFILE=release chooses the optimised one.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
profile=${KITE_PROFILE:-dev}
case $profile in dev) folder=debug ;; *) folder=$profile ;; esac
case $(uname -s) in
Darwin) library=libkitestring_uniffi.dylib ;;
*) library=libkitestring_uniffi.so ;;
esac
# The library comes last: the generator's feature leaves a library of its own in the same place.
cargo build --quiet --locked --workspace --features kitestring-uniffi/cli --bin uniffi-bindgen
case $profile in
# With the workspace, whose tests share what is built.
dev) cargo build --quiet --locked --workspace --lib ;;
*) cargo build --quiet --locked -p kitestring-uniffi --lib --profile "$profile" ;;
esac
mkdir -p "$1"
cp "$target/$folder/$library" "$1/"
rm -rf "$1/generated"
"$target/debug/uniffi-bindgen" generate --language swift --config bindings-uniffi/swift/uniffi.toml --out-dir "$1/generated" \
  --no-format "$1/$library" >/dev/null
sed -f bindings-uniffi/swift/mend.sed "$1/generated/Kitestring.swift" >"$1/mended.swift"
# A generator that writes other text would be left as it is in silence.
[ "$(grep -c '^ *try Task.checkCancellation\|Task.isCancelled ?' "$1/mended.swift")" = 6 ] || { echo "mend.sed no longer fits" >&2; exit 1; }
mv "$1/mended.swift" "$1/generated/Kitestring.swift"
