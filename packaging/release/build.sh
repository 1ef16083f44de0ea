#!/usr/bin/env bash
# Builds the program for a target and packs it.
#
#   packaging/release/build.sh TARGET FOLDER
set -euo pipefail

[ $# = 2 ] || { echo 'give a target and a folder' >&2; exit 2; }
target=$1 folder=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case $target in
  x86_64-unknown-linux-musl | aarch64-unknown-linux-musl)
    binary=$("$here/../static.sh" "${target%%-*}")
    # Where the C library of the machine would be linked in, the name would promise too much.
    case $binary in
      */"$target"/*) ;;
      *) echo "\`$target\` can't be built here" >&2; exit 1 ;;
    esac
    ;;
  *)
    rustup target add "$target" >&2
    (cd "$here/../.." && cargo build --release --locked --bin rbac-eval --target "$target" >&2)
    binary=$here/../../target/$target/release/rbac-eval
    case $target in *-windows-*) binary=$binary.exe ;; esac
    ;;
esac
"$here/archive.sh" "$binary" "$target" "$folder"
