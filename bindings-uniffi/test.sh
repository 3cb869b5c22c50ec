#!/bin/sh
# Builds the library and the packages for Python, Kotlin and Swift, tries them, and prints "N passed, N failed" as its last line.
# KITE_FULL=1 runs what takes long, too: ten times as many openings, and the sizes of the library as it is shipped. KITE_SWIFT=1
# runs Swift; otherwise its sources are only parsed.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target/python"
target=$(cd "$target" && pwd)
python=$PWD/bindings-uniffi/python said=$target/python/said
: > "$said"

# check WORDS...: runs a command as one test.
check() {
    if "$@"; then echo '# pass 1'; else echo '# fail 1'; fi | tee -a "$said"
}

# part WORDS...: runs a script whose last line is its sum.
part() {
    out=$target/python/part
    { "$@" || true; } | tee "$out"
    tail -n 1 "$out" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/# pass \1\n# fail \2/p' >"$out.sum"
    # Without a sum, it has not run.
    [ -s "$out.sum" ] || echo '# fail 1' >"$out.sum"
    tee -a "$said" <"$out.sum"
}

sh "$python/package.sh"
cargo build --quiet --locked --workspace --bin '*-emulator'
bin=$target/python/venv/bin
# A panic that is planted needs no trace.
export RUST_BACKTRACE=0
export PROGRAMS="$target/debug" WSGIDAV="$bin/wsgidav" PYTHONPATH="$target/python/package" PYTHONDONTWRITEBYTECODE=1
check "$bin/mypy" --strict --cache-dir "$target/python/mypy" "$target/python/package/kitestring" bindings-uniffi/examples/notes.py
(cd "$python" && "$bin/python" -m pytest -q -p no:cacheprovider -rP --show-capture=no) 2>&1 | tee -a "$said" || true
[ "${KITE_FULL:-}" != 1 ] || check sh bindings-uniffi/size.sh
for language in kotlin swift; do
    echo "-- $language"
    part sh "bindings-uniffi/$language/test.sh"
done
check cargo run --quiet --locked -p xtask -- languages

count() { awk -v word="$1" '$1 == "#" && $2 == word { sum += $3 } END { print sum + 0 }' "$said"; }
passed=$(count pass) failed=$(count fail)
# Without a sum of its own, the Python part has not run.
[ "$passed" -gt 100 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
