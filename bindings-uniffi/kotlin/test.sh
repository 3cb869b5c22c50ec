#!/bin/sh
# Generates the Kotlin side, compiles it with the compiler alone, runs its tests, and prints "N passed, N failed" as its last line.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
work=$target/kotlin
kotlin=$PWD/bindings-uniffi/kotlin
java=/usr/share/java

is_there() { [ -f $java/jna.jar ] && [ -f $java/sqlite-jdbc.jar ] && command -v java >/dev/null; }
if ! is_there; then
  packages="openjdk-17-jre-headless libjna-java libxerial-sqlite-jdbc-java"
  [ "$(id -u)" = 0 ] || { echo "packages are missing: install $packages, then run this again" >&2; exit 1; }
  apt-get update -q && apt-get install -qy --no-install-recommends $packages
fi
mkdir -p "$work"
npm ci --silent --no-audit --no-fund --prefix "$kotlin/compiler" >/dev/null
lib=$kotlin/compiler/node_modules/kotlin-compiler/lib
classes=$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar:$java/jna.jar:$java/sqlite-jdbc.jar

"$kotlin/generate.sh" "$work"
# The block of Kotlin in the README, as a package of its own.
{ echo "package readme"; awk '/^```kotlin$/ { on = 1; next } /^```$/ { on = 0 } on' "$kotlin/README.md"; } >"$work/Readme.kt"
python3 "$kotlin/../vectors.py" spec/vectors >"$work/vectors.tsv"

rm -rf "$work/classes"
bash "$lib/../bin/kotlinc" -cp "$classes" -jvm-target 17 -Xsuppress-version-warnings -d "$work/classes" \
  "$work/generated" "$work/Readme.kt" "$kotlin/src/main" "$kotlin/src/test" "$kotlin/example"
KITE_SPEC=$PWD/spec KITE_VECTORS=$work/vectors.tsv \
  java -Xmx512m -Djna.library.path="$work" -Djava.library.path=/usr/lib/$(uname -m)-linux-gnu/jni -cp "$work/classes:$classes" tests.MainKt
