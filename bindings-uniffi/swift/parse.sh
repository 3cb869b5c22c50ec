#!/bin/sh
# parse.sh FOLDER: parses the Swift sources below FOLDER by tree-sitter, which needs no Swift. Prints "N passed, N failed".
set -eu
[ -x "$1/venv/bin/pip" ] || python3 -m venv "$1/venv"
"$1/venv/bin/pip" install --quiet --disable-pip-version-check --prefer-binary --requirement "$(dirname "$0")/requirements.txt"
exec "$1/venv/bin/python" "$(dirname "$0")/parse.py" "$1/src" "$1/generated" "$1/Readme.swift"
