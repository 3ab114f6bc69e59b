#!/usr/bin/env bash
# 100 callers who ask at once for a direct channel, through two APIs, get the same one, and nobody an error.
# takes: about 1 minute
#
# races [OPTIONS of discuss-load races]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 asked channels pairs errors
  proof_begin races
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service api-2 discuss-api
  proof_load races "$@" --api "$(proof_api api-1)" --api "$(proof_api api-2)" | tee "$PROOF_PLACE/races.txt" || code=1
  asked=$(awk '/^direct channels asked for/ { print $NF }' "$PROOF_PLACE/races.txt")
  channels=$(proof_sql "SELECT count(*) FROM channels WHERE kind = 'DIRECT'")
  pairs=$(proof_sql "SELECT count(DISTINCT (direct_low_user_id, direct_high_user_id)) FROM channels")
  # grep -c says 0 and fails where there is none.
  errors=$(cat "$PROOF_PLACE"/log/api-*.log | grep -c '"level":"ERROR"' || true)
  proof_figure "direct channels stored" "$channels"
  proof_figure "pairs of people among them" "$pairs"
  proof_figure "errors in the logs of the APIs" "$errors"
  if ((channels != asked || pairs != asked || errors > 0)); then code=1; fi
  proof_verdict "$code" "$channels direct channels for $asked pairs, whoever asked at once"
}

main "$@"
