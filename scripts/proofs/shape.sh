#!/usr/bin/env bash
# No function over 60 lines, no file over 300, no unwrap outside tests, no layer reached across.
# takes: about 1 minute
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# The lints that say so, as errors; the other lints are none of this proof's business.
lint() {
  cargo clippy --quiet --workspace --lib --bins -- -A warnings \
    -D clippy::too_many_lines -D clippy::unwrap_used -D clippy::expect_used
}

main() {
  local code=0
  # shellcheck disable=SC2034 # proof_verdict says it
  PROOF_NAME=shape
  require_rust
  require_rust_checks
  cd "$ROOT" || exit 1
  "$ROOT/scripts/check-shape" || code=1
  "$ROOT/scripts/check-layers" || code=1
  say "Asking clippy"
  if lint; then
    printf 'clippy: no function over 60 lines, no unwrap and no expect outside tests\n'
  else
    code=1
  fi
  proof_verdict "$code" "$(find crates -name '*.rs' | wc -l) Rust files, the longest $(longest_file)"
}

# The length of the longest Rust file.
longest_file() {
  find crates -name '*.rs' -exec wc -l {} + | awk '$2 != "total" && $1 > most { most = $1; file = $2 } END { print most " lines (" file ")" }'
}

main "$@"
