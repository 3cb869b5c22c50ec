#!/bin/sh
# assemble.sh LIBRARY UNIFFI_BINDGEN FOLDER: puts the package together from a library that is not stripped: what it offers is
# read from its names.
set -eu
library=$1 generator=$2 folder=$3
source=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder"
mkdir -p "$folder"
cp -R "$source/src/kitestring" "$folder/"
"$generator" generate --language python --out-dir "$folder" --no-format "$library" >/dev/null
mv "$folder/kitestring.py" "$folder/kitestring/_native.py"
cp "$library" "$folder/kitestring/"
python3 "$source/stubs.py" "$folder/kitestring/_native.py" "$folder/kitestring/_native.pyi"
