#!/usr/bin/env bash
# 64 senders through two APIs into one channel: at least 2,000 accepted sends a second, and one order for all ten readers.
# takes: about 3 minutes
#
# hot-channel [MESSAGES]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local messages=${1:-40000} code=0 run rates
  proof_begin hot-channel
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service api-2 discuss-api
  proof_service gateway discuss-gateway
  for run in 1 2 3; do
    proof_load send --any-lateness --messages "$messages" --senders 64 --channels 1 --sockets 10 \
      --api "$(proof_api api-1)" --api "$(proof_api api-2)" --gateway "$(proof_gateway gateway)" \
      --pids "$(proof_pids)" --json "$PROOF_PLACE/report-$run.json" || code=$?
  done
  rates=$(jq -s -r '[.[].volume.sendsPerSecond | round] | sort | "median \(.[1]), from \(.[0]) to \(.[2])"' "$PROOF_PLACE"/report-?.json)
  proof_figure "accepted sends/s" "$rates"
  if ! jq -s -e '[.[].volume.sendsPerSecond | round] | sort | .[1] >= 2000' "$PROOF_PLACE"/report-?.json >/dev/null; then code=1; fi
  proof_verdict "$code" "accepted sends/s in one channel: $rates; $(load_summary "$PROOF_PLACE/report-3.json")"
}

main "$@"
