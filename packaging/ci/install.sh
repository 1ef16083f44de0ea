#!/usr/bin/env bash
# Builds `rbac-eval` from the checkout that this script is in.
#
#   packaging/ci/install.sh key      prints what names the build: the sources and the compiler
#   packaging/ci/install.sh ROOT     installs into ROOT/bin, unless it is there
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

need cargo rustc git
[ $# = 1 ] || fail "give \`key\` or a folder"
where=$1
case $where in key | /* | [A-Za-z]:*) ;; *) where=$PWD/$where ;; esac
# Cargo and rustup take settings from the working folder, and here that is what a stranger wrote: a
# `.cargo/config.toml` or `rust-toolchain.toml` there names programs that would run.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ "$where" = key ]; then
  {
    rustc --version --verbose
    find src Cargo.toml Cargo.lock -type f | sort
    find src Cargo.toml Cargo.lock -type f | sort | git hash-object --no-filters --stdin-paths
  } | git hash-object --stdin
  exit 0
fi
if [ -x "$where/bin/rbac-eval" ] || [ -x "$where/bin/rbac-eval.exe" ]; then
  exit 0
fi
cargo install --locked --path . --bin rbac-eval --root "$where"
