#!/bin/sh
# Makes build/KitestringFFI.xcframework and the generated sources, for Package.swift. Needs a Mac with Xcode: unbuilt.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
swift=$PWD/bindings-uniffi/swift
build=$swift/build
library=libkitestring_uniffi.a

for triple in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin; do
  rustup target add "$triple"
  # A static library, which the crate itself is not: only these programs link one.
  cargo rustc --release -p kitestring-uniffi --lib --target "$triple" --crate-type staticlib
done
rm -rf "$build" && mkdir -p "$build/headers" "$build/simulator" "$build/mac"
cargo build --release -p kitestring-uniffi --lib
cargo run -p kitestring-uniffi --features cli --bin uniffi-bindgen -- generate --language swift \
  --config "$swift/uniffi.toml" --out-dir "$build" --no-format "$target/release/libkitestring_uniffi.dylib"
sed -f "$swift/mend.sed" "$build/Kitestring.swift" >"$swift/Sources/Kitestring/Generated.swift"
mv "$build/KitestringFFI.h" "$build/headers/"
mv "$build/KitestringFFI.modulemap" "$build/headers/module.modulemap"
lipo -create "$target/aarch64-apple-ios-sim/release/$library" "$target/x86_64-apple-ios/release/$library" -output "$build/simulator/$library"
lipo -create "$target/aarch64-apple-darwin/release/$library" "$target/x86_64-apple-darwin/release/$library" -output "$build/mac/$library"
xcodebuild -create-xcframework -output "$build/KitestringFFI.xcframework" \
  -library "$target/aarch64-apple-ios/release/$library" -headers "$build/headers" \
  -library "$build/simulator/$library" -headers "$build/headers" \
  -library "$build/mac/$library" -headers "$build/headers"
