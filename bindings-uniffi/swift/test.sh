#!/bin/sh
# Generates the Swift side and, with KITE_SWIFT=1, compiles and runs its tests; without it only parses the sources. Prints
# "N passed, N failed" as its last line.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/swift"
work=$(cd "$target/swift" && pwd)
swift=$PWD/bindings-uniffi/swift
root=${KITE_SWIFT_ROOT:-$(cd "$target" && pwd)/swift-root}

"$swift/generate.sh" "$work"
rm -rf "$work/src" "$swift/notes"
mkdir "$work/src"
cp -R "$swift/Sources" "$swift/Example" "$swift/Tests" "$swift/Background" "$work/src/"
cp "$swift/Package.swift" "$work/src/"
# The block of Swift in the README.
awk '/^```swift$/ { on = 1; next } /^```$/ { on = 0 } on' "$swift/README.md" >"$work/Readme.swift"
python3 "$swift/../vectors.py" spec/vectors >"$work/vectors.tsv"

if [ "${KITE_SWIFT:-}" != 1 ]; then
  echo "skipped: no Swift toolchain (KITE_SWIFT=1 asks for one)"
  exec sh "$swift/parse.sh" "$work"
fi
if command -v swiftc >/dev/null; then
  in_root() { "$@"; }
  seen=$work
else
  "$swift/root.sh" "$root"
  # Without /proc the compiler does not find its own libraries.
  mkdir -p "$root/work" "$root/spec"
  rm -rf "$root/work/"* "$root/spec/"*
  cp -R "$work/generated" "$work/src" "$work/Readme.swift" "$work/vectors.tsv" "$work"/libkitestring_uniffi.so "$root/work/"
  cp -R spec/errors.md spec/vectors "$root/spec/"
  cp "$swift/build.sh" "$root/work/"
  in_root() { unshare --mount --fork sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"; }
  seen=/work
fi
cp "$swift/build.sh" "$work/"
in_root sh "$seen/build.sh" "$seen"

spec=$PWD/spec
[ "$seen" = "$work" ] || spec=/spec
# The program of notes for `cargo xtask languages`, which sees files of this machine: so it runs with the root's libraries.
said=$work/said
in_root env KITE_SPEC="$spec" KITE_VECTORS="$seen/vectors.tsv" KITE_FULL="${KITE_FULL:-}" KITE_ONLY="${KITE_ONLY:-}" "$seen/tests" | tee "$said" || true
tail -n 1 "$said" | grep -q '^[0-9]* passed, 0 failed$' || { tail -n 1 "$said" | grep -q ' passed, ' || echo "0 passed, 1 failed"; exit 1; }
