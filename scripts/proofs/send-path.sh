#!/usr/bin/env bash
# Sends committed in groups: 1.5 × pgbench, few statements a message, a lone send hardly dearer than a commit.
# takes: about 4 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 said
  proof_begin send-path
  proof_servers postgres redis
  said=$PROOF_PLACE/log/send-path.log
  say "Measuring pgbench and sends in groups"
  "$(binary_of discuss-proofs release)" send-path --pgbench "$(postgres_programs)/pgbench" --folder "$PROOF_PLACE" "$@" |
    tee "$said" | sed '$d' || code=$?
  proof_verdict "$code" "$(tail -n 1 "$said")"
}

main "$@"
