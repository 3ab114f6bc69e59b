# shellcheck shell=bash
# The Rust toolchain: there, and new enough.

# Dies unless cargo is there and at least as new as `rust-version` in Cargo.toml.
require_rust() {
  local needed found
  if ! command -v cargo >/dev/null && [[ -x $HOME/.cargo/bin/cargo ]]; then
    PATH=$HOME/.cargo/bin:$PATH
  fi
  needed=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$ROOT/Cargo.toml")
  command -v cargo >/dev/null || die "cargo is missing; install Rust $needed or newer, for example by https://rustup.rs"
  found=$(cd "$ROOT" && cargo --version | cut -d' ' -f2) || die "cargo --version failed"
  if ! version_is_at_least "$found" "$needed"; then
    die "cargo is $found, but Rust $needed or newer is needed; 'rustup update stable' brings it"
  fi
}

# Dies unless cargo has its formatter and its linter, which a minimal toolchain lacks.
require_rust_checks() {
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    die "cargo fmt or cargo clippy is missing; 'rustup component add rustfmt clippy' brings them"
  fi
}

# Whether version $1 is $2 or newer.
version_is_at_least() {
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}
