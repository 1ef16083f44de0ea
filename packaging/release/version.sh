#!/usr/bin/env bash
# Prints the version that a tag releases; fails where Cargo.toml has another one.
#
#   packaging/release/version.sh v0.1.0
set -euo pipefail

tag=${1:?give a tag}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
if [ "$tag" != "v$version" ]; then
  printf "\`%s\` isn't the version of Cargo.toml; tag \`v%s\`, or change it there\n" "$tag" "$version" >&2
  exit 1
fi
printf '%s\n' "$version"
