#!/usr/bin/env bash
# 10,000 sockets, 200 channels of 50, 100 messages/s: 95 % of the deliveries take at most 15 ms, 99 % at most 40, none is lost.
# takes: about 6 minutes
#
# steady [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0
  proof_begin steady
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  # 10,000 people are told of 49 others each, 20,000 a second: that is no steady state yet.
  load_runs fanout --rest 30 --sockets 10000 --channels 200 --members 50 --rate 100 --messages 4000 "$@" || code=$?
  proof_statements 8
  load_require "delivery p95, ms" .latencies.delivery.p95 "<=" 15 || code=1
  load_require "delivery p99, ms" .latencies.delivery.p99 "<=" 40 || code=1
  load_require "ack p95, ms" .latencies.ack.p95 "<=" 15 || code=1
  load_require "bare sockets alone, p95, ms" .probes.bare.latency.p95 ">" 0 || code=1
  proof_verdict "$code" "10,000 sockets, $(load_summary "$PROOF_PLACE/report-$LOAD_RUNS.json")"
}

main "$@"
