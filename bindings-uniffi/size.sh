#!/bin/sh
# Builds the library as it is shipped, with everything and with one drive, and keeps its sizes within bounds: what was reached
# and little more. 4,000,000 and 2,500,000 bytes are what is to be reached.
set -eu
cd "$(dirname "$0")"
status=0

# small NAME BYTES FEATURES: builds with these features, which may give at most so many bytes.
small() {
    bytes=$(wc -c < "$(sh library.sh "$3")")
    echo "$1: $((bytes)) bytes, at most $2"
    [ "$bytes" -le "$2" ] || status=1
}

small "one drive" 5200000 folder,sqlite
small "all drives" 9600000 default
exit $status
