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
# What `xcframework.sh` has put there is what is generated here.
rm -f "$work/src/Sources/Kitestring/Generated.swift"
# The block of Swift in the README.
awk '/^```swift$/ { on = 1; next } /^```$/ { on = 0 } on' "$swift/README.md" >"$work/Readme.swift"
python3 "$swift/../vectors.py" spec/vectors >"$work/vectors.tsv"

if [ "${KITE_SWIFT:-}" != 1 ]; then
  echo "skipped: no Swift toolchain (KITE_SWIFT=1 asks for one)"
  exec sh "$swift/parse.sh" "$work"
fi
# inside COMMAND: runs it where a compiler is. The folder of the work is at the same place there.
if command -v swiftc >/dev/null; then
  inside() { "$@"; }
  program='exec "'$work'/notes" "$@"'
else
  "$swift/root.sh" "$root"
  inside() { sh "$swift/inside.sh" "$root" "$work" "$work" "$@"; }
  program='exec sh "'$swift'/inside.sh" "'$root'" "'$work'" "$(dirname "$2")" "'$work'/notes" "$@"'
fi
rm -rf "$work/spec"
mkdir "$work/spec"
cp -R spec/errors.md spec/vectors "$work/spec/"
cp "$swift/build.sh" "$work/"
inside sh "$work/build.sh" "$work"
# The program of notes for `cargo xtask languages`.
printf '#!/bin/sh\n%s\n' "$program" >"$swift/notes"
chmod +x "$swift/notes"

said=$work/said
inside env KITE_SPEC="$work/spec" KITE_VECTORS="$work/vectors.tsv" KITE_FULL="${KITE_FULL:-}" KITE_ONLY="${KITE_ONLY:-}" "$work/tests" |
  tee "$said" || true
sum=$(tail -n 1 "$said")
case $sum in
*" passed, 0 failed") ;;
*" passed, "*) exit 1 ;;
*) echo "0 passed, 1 failed" && exit 1 ;;
esac
