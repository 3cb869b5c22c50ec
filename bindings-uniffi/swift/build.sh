#!/bin/sh
# build.sh FOLDER: compiles, in FOLDER, the library's Swift side, the tests and the program of notes. FOLDER/src has the sources.
set -eu
cd "$1"
ffi="-Xcc -fmodule-map-file=generated/KitestringFFI.modulemap -I generated -I src/Sources/CSQLite -I src/Tests/CMalloc"
# Not optimised: that takes minutes, for 12,000 generated lines.
swiftc -swift-version 5 -parse-as-library -emit-module -emit-library -static -module-name Kitestring $ffi -o libKitestring.a \
  generated/Kitestring.swift src/Sources/Kitestring/*.swift
link="-I . -L . -lKitestring -lkitestring_uniffi -Xlinker -rpath -Xlinker \$ORIGIN"
swiftc -swift-version 6 -module-name tests $ffi $link -o tests Readme.swift src/Tests/*.swift src/Example/NotesTable.swift src/Example/Notes.swift
swiftc -swift-version 6 -module-name notes $ffi $link -o notes src/Example/*.swift
