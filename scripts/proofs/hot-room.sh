#!/usr/bin/env bash
# One channel of 5,000 who are all connected, 5 messages/s: 99 % of the deliveries take at most 150 ms; and of 2,000: 95 % at most 50 ms.
# takes: about 8 minutes
#
# hot-room [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0
  proof_begin hot-room
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  room 5000 "$@" || code=1
  load_require "5,000: delivery p99, ms" .latencies.delivery.p99 "<=" 150 || code=1
  room 2000 "$@" || code=1
  load_require "2,000: delivery p95, ms" .latencies.delivery.p95 "<=" 50 || code=1
  proof_verdict "$code" "one channel of thousands, $(load_summary "$PROOF_PLACE/report-$LOAD_RUNS.json")"
}

# A channel of so many.
room() {
  local people=$1
  shift
  load_runs fanout --sockets "$people" --channels 1 --members "$people" --rate 5 --messages 150 "$@"
}

main "$@"
