#!/usr/bin/env bash
# Builds a static `rbac-eval` for Linux and prints the path of the binary.
#
#   packaging/static.sh [ARCHITECTURE]
#
# ARCHITECTURE is `x86_64` or `aarch64` [default: that of this machine]. It is built for the musl target
# where rustup can add it, else for this machine's own gnu target with the C library linked in.
set -euo pipefail

architecture=${1:-$(uname -m)}
case $architecture in
  x86_64 | aarch64) ;;
  *)
    echo "\`$architecture\` isn't built here; give \`x86_64\` or \`aarch64\`" >&2
    exit 2
    ;;
esac
if [ "$(uname -s)" != Linux ]; then
  echo 'a static binary is built on Linux' >&2
  exit 2
fi
# What lies in the folder of the caller chooses neither toolchain nor settings of cargo.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if rustup target add "$architecture-unknown-linux-musl" >&2; then
  target=$architecture-unknown-linux-musl
elif [ "$architecture" = "$(uname -m)" ]; then
  target=$architecture-unknown-linux-gnu
  echo "rustup can't add the musl target; \`$target\` is built with the C library linked in" >&2
else
  echo "rustup can't add \`$architecture-unknown-linux-musl\`, and only it builds for another machine" >&2
  exit 1
fi
# Named by the target, so that build scripts and macros of this machine are left as they are.
target_flags=CARGO_TARGET_$(printf '%s' "$target" | tr 'a-z-' 'A-Z_')_RUSTFLAGS
flags='-C target-feature=+crt-static'
# The linker of another machine's C compiler is seldom there, and Rust's own does.
if [ "$architecture" != "$(uname -m)" ]; then
  flags="$flags -C linker=rust-lld"
fi
export "$target_flags=$flags"
# One `RUSTFLAGS` for all would go before it.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
cargo build --release --locked --bin rbac-eval --target "$target" >&2

target_directory=$(cargo metadata --format-version 1 --no-deps --locked \
  | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
binary=$target_directory/$target/release/rbac-eval
if [ "$architecture" = "$(uname -m)" ]; then
  # `ldd` of one C library fails on a static binary, that of another says so and succeeds.
  linked=$(ldd "$binary" 2>&1) || true
  case $linked in
    *'not a dynamic executable'* | *'statically linked'* | *'Not a valid dynamic program'*) ;;
    *)
      printf '%s is no static binary; ldd says:\n%s\n' "$binary" "$linked" >&2
      exit 1
      ;;
  esac
else
  # For another machine `ldd` says of every binary that it is none of its own.
  headers=$(readelf --wide --program-headers "$binary")
  case $headers in
    *INTERP*)
      printf '%s is no static binary; it asks for a dynamic linker\n' "$binary" >&2
      exit 1
      ;;
  esac
fi
printf '%s\n' "$binary"
