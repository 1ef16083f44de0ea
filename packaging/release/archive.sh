#!/usr/bin/env bash
# Packs a binary with what belongs to it, and prints the path of the archive.
#
#   packaging/release/archive.sh BINARY TARGET FOLDER
#
# FOLDER gets rbac-eval-VERSION-TARGET.tar.gz, in which a folder of that name has the program, README.md,
# LICENSE and CHANGELOG.md.
set -euo pipefail

[ $# = 3 ] || { echo 'give a binary, its target and a folder' >&2; exit 2; }
binary=$1 target=$2 folder=$3
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$top/Cargo.toml" | head -n 1)
name=rbac-eval-$version-$target
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder" "$scratch/$name"
cp "$binary" "$top/README.md" "$top/LICENSE" "$top/CHANGELOG.md" "$scratch/$name/"
chmod 755 "$scratch/$name/$(basename "$binary")"
tar -C "$scratch" -czf "$scratch/archive" "$name"
mv "$scratch/archive" "$folder/$name.tar.gz"
printf '%s\n' "$folder/$name.tar.gz"
