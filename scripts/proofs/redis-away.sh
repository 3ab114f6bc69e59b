#!/usr/bin/env bash
# Redis is stopped for 60 s while 1,000 people talk: sends are answered, 99 % of the deliveries take at most a second, none is lost.
# takes: about 3 minutes
#
# redis-away [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 load
  proof_begin redis-away
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway-1 discuss-gateway
  proof_service gateway-2 discuss-gateway
  proof_load fanout --any-lateness --sockets 1000 --channels 20 --members 50 --rate 50 --messages 4500 "$@" \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway-1)" --gateway "$(proof_gateway gateway-2)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report-1.json" &
  load=$!
  load_wait_for_sockets gateway-1 500
  sleep 10
  proof_kill redis
  say "Redis is away for a minute"
  sleep 60
  proof_start_again redis
  wait "$load" || code=$?
  load_require "delivery p99, ms" .latencies.delivery.p99 "<=" 1000 || code=1
  load_require "sends that were given up" .volume.givenUp "==" 0 || code=1
  proof_verdict "$code" "a minute without Redis, $(load_summary "$PROOF_PLACE/report-1.json")"
}

main "$@"
