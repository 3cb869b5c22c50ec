#!/bin/sh
# inside.sh ROOT FOLDER FOLDER COMMAND...: runs a command in the root, which sees both folders at the places where they are.
set -eu
# The mounts end with the command. Without /proc the compiler does not find its own libraries.
exec unshare --mount sh -euc '
  root=$1
  mount -t proc proc "$root/proc"
  for folder in "$2" "$3"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
  done
  shift 3
  exec chroot "$root" "$@"
' sh "$@"
