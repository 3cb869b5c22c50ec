#!/bin/sh
# Makes a Debian 13 root with a Swift compiler in the folder $1: 2.7 GB, for root only. Done once; a half-made one is finished.
set -eu
root=$1
[ -f "$root/.swift" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "a root with Swift can be made by root only" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -qy --no-install-recommends debootstrap
# The mirror that this machine uses anyway.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
mkdir -p "$root"
[ -f "$root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$mirror"
cp /etc/resolv.conf "$root/etc/"
chroot "$root" sh -c 'apt-get update -q && apt-get install -qy --no-install-recommends swiftlang libc6-dev libstdc++-14-dev libsqlite3-dev'
chroot "$root" apt-get clean
touch "$root/.swift"
