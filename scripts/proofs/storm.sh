#!/usr/bin/env bash
# 10,000 sockets are cut, miss 20 messages each and come back at once: all are whole again within 10 s, and sends go on meanwhile.
# takes: about 6 minutes
#
# storm [OPTIONS of discuss-load storm]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0
  proof_begin storm
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  # 100 messages/s in 200 channels: 20 in each within 40 s.
  load_runs storm --sockets 10000 --channels 200 --members 50 --rate 100 --messages 7000 --cuts 1 --every 10 --away 40 "$@" ||
    code=$?
  proof_statements 8
  load_require "came back" .latencies.back.count ">=" 10000 || code=1
  load_require "messages that were missed, and came" .latencies.replay.count ">=" 190000 || code=1
  load_require "back and whole again, the last, ms" .latencies.back.max "<=" 10000 || code=1
  load_require "ack p95, ms" .latencies.ack.p95 "<=" 200 || code=1
  proof_verdict "$code" "10,000 sockets came back, $(load_summary "$PROOF_PLACE/report-$LOAD_RUNS.json")"
}

main "$@"
