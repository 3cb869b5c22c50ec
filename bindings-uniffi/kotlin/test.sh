#!/bin/sh
# Generates the Kotlin side, compiles it with the compiler alone, runs its tests, and prints "N passed, N failed" as its last line.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/kotlin"
work=$(cd "$target/kotlin" && pwd)
kotlin=$PWD/bindings-uniffi/kotlin
java=/usr/share/java

is_there() { [ -f $java/jna.jar ] && [ -f $java/sqlite-jdbc.jar ] && command -v java >/dev/null; }
if ! is_there; then
  packages="openjdk-17-jre-headless libjna-java libxerial-sqlite-jdbc-java"
  [ "$(id -u)" = 0 ] || { echo "packages are missing: install $packages, then run this again" >&2; exit 1; }
  apt-get update -q && apt-get install -qy --no-install-recommends $packages
fi
npm ci --silent --no-audit --no-fund --prefix "$kotlin/compiler" >/dev/null
lib=$kotlin/compiler/node_modules/kotlin-compiler/lib
classes=$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar:$java/jna.jar:$java/sqlite-jdbc.jar

"$kotlin/generate.sh" "$work"
cargo build --quiet --locked --workspace --bin kitestring-bench-push --bin '*-emulator'
moto=$target/servers/bin/moto_server
if ! [ -x "$moto" ]; then
  python3 -m venv "$target/servers"
  "$target/servers/bin/pip" install --quiet --disable-pip-version-check --requirement tests/servers/requirements.txt
fi
# The block of Kotlin in the README, as a package of its own.
{ echo "package readme"; awk '/^```kotlin$/ { on = 1; next } /^```$/ { on = 0 } on' "$kotlin/README.md"; } >"$work/Readme.kt"
python3 "$kotlin/../vectors.py" spec/vectors >"$work/vectors.tsv"

compile() {
  folder=$1
  shift
  rm -rf "$work/$folder"
  bash "$lib/../bin/kotlinc" -nowarn -jvm-target 17 -d "$work/$folder" "$@"
}
compile library -cp "$classes" "$work/generated" "$kotlin/src/main"
# The tests count handles, which are internal to the library.
compile tests -cp "$work/library:$classes" -Xfriend-paths="$work/library" "$work/Readme.kt" "$kotlin/src/test" "$kotlin/example"
# What runs a class of these, and the program of notes for `cargo xtask languages`.
cat >"$work/run" <<END
#!/bin/sh
exec java -Xmx512m -Djna.library.path="$work" -Djava.library.path="/usr/lib/$(uname -m)-linux-gnu/jni" \\
  -cp "$work/tests:$work/library:$classes" "\$@"
END
printf '#!/bin/sh\nexec "%s" notes.ProgramKt "$@"\n' "$work/run" >"$kotlin/notes"
chmod +x "$work/run" "$kotlin/notes"

said=$work/said
: >"$said"
run() {
  KITE_SPEC=$PWD/spec KITE_VECTORS=$work/vectors.tsv KITE_RUST_W1=$target/debug/kitestring-bench-push \
    KITE_PROGRAMS=$target/debug KITE_MOTO=$moto "$work/run" "$@" | tee -a "$said" || true
}
run tests.MainKt
# Little of what the JVM allocates for itself is in the way then.
run -XX:TieredStopAtLevel=1 -XX:+UseSerialGC tests.MainKt cycles
# Each run has a sum, or has died.
sums=$(grep -c '^[0-9]* passed, [0-9]* failed$' "$said" || true)
passed=$(awk '/^[0-9]+ passed, / { sum += $1 } END { print sum + 0 }' "$said")
failed=$(awk '/^[0-9]+ passed, / { sum += $3 } END { print sum + 0 }' "$said")
[ "$sums" = 2 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
