#!/usr/bin/env bash
# Prints the manifest of krew for a release: packaging/krew/rbac-eval.yaml with what it leaves open.
#
#   packaging/release/krew.sh VERSION REPOSITORY SUMS
#
# REPOSITORY is its address, SUMS the file SHA256SUMS of the release.
set -euo pipefail

[ $# = 3 ] || { echo 'give a version, the address of the repository and a file of checksums' >&2; exit 2; }
version=$1 repository=$2 sums=$3
case $version in *[!0-9A-Za-z.+-]* | '') echo "\`$version\` is no version" >&2; exit 2 ;; esac
case $repository in
  https://*[!A-Za-z0-9._/-]* | https://) echo "\`$repository\` is no address" >&2; exit 2 ;;
  https://*) ;;
  *) echo "\`$repository\` is no address with https" >&2; exit 2 ;;
esac
manifest=$(dirname "${BASH_SOURCE[0]}")/../krew/rbac-eval.yaml
while IFS= read -r line; do
  line=${line//@VERSION@/$version}
  line=${line//@REPOSITORY@/$repository}
  case $line in
    *@SHA256:*@*)
      target=${line#*@SHA256:}
      target=${target%%@*}
      archive=rbac-eval-$version-$target.tar.gz
      # `sha256sum` writes a `*` before the names of binary files.
      sum=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$sums")
      case $sum in
        *[!0-9a-f]* | '') echo "\`$sums\` has no checksum of \`$archive\`, or several" >&2; exit 1 ;;
      esac
      line=${line//@SHA256:$target@/$sum}
      ;;
  esac
  printf '%s\n' "$line"
done <"$manifest"
