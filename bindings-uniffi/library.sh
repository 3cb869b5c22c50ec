#!/bin/sh
# library.sh FEATURES: builds the library as it is shipped, with these features, and prints where it is. KITE_NAMES=1 leaves the names
# in it that the generator reads. `spec/decisions/0018-size-of-the-library.md` says what each of these settings gives.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
case $(uname -s) in
Darwin) library=libkitestring_uniffi.dylib ;;
*) library=libkitestring_uniffi.so ;;
esac

# words PREFIX WORDS...: prints each word behind the prefix.
words() {
    prefix=$1
    shift
    for word in "$@"; do printf ' %s%s' "$prefix" "$word"; done
}
# The state is one table of keys and values: no search, no trees of places, no JSON.
LIBSQLITE3_FLAGS="$(words -USQLITE_ENABLE_ COLUMN_METADATA DBSTAT_VTAB FTS3 FTS3_PARENTHESIS FTS5 LOAD_EXTENSION MEMORY_MANAGEMENT RTREE STAT4)\
$(words -DSQLITE_OMIT_ AUTHORIZATION COMPLETE DATETIME_FUNCS DEPRECATED DESERIALIZE GET_TABLE INTROSPECTION_PRAGMAS JSON \
    LOAD_EXTENSION PROGRESS_CALLBACK SHARED_CACHE TCL_VARIABLE TRACE)"
# Level 3 of Zstandard, which is all that is written, has two ways of looking for matches. No panic passes through C.
CFLAGS="${CFLAGS:-}$(words -DZSTD_EXCLUDE_ BTLAZY2_BLOCK_COMPRESSOR BTOPT_BLOCK_COMPRESSOR BTULTRA_BLOCK_COMPRESSOR \
    GREEDY_BLOCK_COMPRESSOR LAZY2_BLOCK_COMPRESSOR LAZY_BLOCK_COMPRESSOR) -fno-asynchronous-unwind-tables"
export LIBSQLITE3_FLAGS CFLAGS
[ "${KITE_NAMES:-}" != 1 ] || export CARGO_PROFILE_LIBRARY_STRIP=none
cargo build --quiet --locked -p kitestring-uniffi --lib --profile library --no-default-features --features "$1,small" >&2
echo "$(cd "$target/library" && pwd)/$library"
