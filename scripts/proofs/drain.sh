#!/usr/bin/env bash
# A gateway with 10,000 sockets is asked to end while people talk: within 40 s it has ended in order, another has taken over, nothing is lost.
# takes: about 3 minutes
#
# drain [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SOCKETS=10000

main() {
  local code=0 load began took
  proof_begin drain
  proof_servers postgres redis
  proof_service api discuss-api
  # All connect to the first; the second is there before it ends.
  proof_service gateway-1 discuss-gateway
  proof_service gateway-2 discuss-gateway
  proof_load fanout --any-lateness --sockets "$SOCKETS" --channels 200 --members 50 --rate 50 --messages 3500 "$@" \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway-1)" --spare-gateway "$(proof_gateway gateway-2)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report-1.json" &
  load=$!
  load_wait_for_sockets gateway-1 "$SOCKETS"
  sleep 15
  say "SIGTERM to a gateway with $(load_sockets gateway-1) sockets"
  began=$(date +%s%N)
  proof_kill gateway-1 TERM
  took=$((($(date +%s%N) - began) / 1000000))
  wait "$load" || code=$?
  proof_figure "ms until it had ended (must be <= 40000)" "$took"
  # What ends with 0 says so last.
  if ! tail -n 1 "$PROOF_PLACE/log/gateway-1.log" | grep -q '"message":"ended"'; then code=1; fi
  if ((took > 40000)); then code=1; fi
  proof_verdict "$code" "drained in $took ms, $(load_summary "$PROOF_PLACE/report-1.json")"
}

main "$@"
