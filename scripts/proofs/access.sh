#!/usr/bin/env bash
# Every route answers each sort of person, in each sort of channel, as the checked-in table says; a route without a row fails.
# takes: about 2 minutes
#
# The table is crates/api/tests/api/access.tsv.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 log
  take_no_arguments "$@"
  proof_begin access
  proof_servers postgres redis
  log=$PROOF_PLACE/log/access.log
  say "Asking every route as every person"
  DATABASE_URL=$PROOF_ADMIN_URL cargo test --quiet --workspace --test api -- --nocapture access::every_route 2>&1 | tee "$log" |
    grep -v -E '^(running .*|test result.*|\.*)$' || true
  if ! grep -q '^access: ' "$log"; then code=1; fi
  if ! grep -q '^test result: ok. 1 passed' "$log"; then code=1; fi
  proof_verdict "$code" "$(sed -n 's/^access: //p' "$log")"
}

main "$@"
