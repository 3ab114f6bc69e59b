#!/usr/bin/env bash
# Under load at two gateways people are let in and removed all the time: the last they are shown says so, 99 % within a second, and nothing after it.
# takes: about 3 minutes
#
# revoke [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 run
  proof_begin revoke
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway-1 discuss-gateway
  proof_service gateway-2 discuss-gateway
  for run in 1 2 3; do
    # What a visitor is shown after the event that removes them is a fault of the run.
    proof_load fanout --any-lateness --skip-probes --sockets 1000 --channels 20 --members 50 --rate 100 --messages 4000 --visitors 50 "$@" \
      --api "$(proof_api api)" --gateway "$(proof_gateway gateway-1)" --gateway "$(proof_gateway gateway-2)" \
      --pids "$(proof_pids)" --json "$PROOF_PLACE/report-$run.json" || code=1
  done
  load_require "removals" .latencies.revoked.count ">=" 1000 || code=1
  load_require "removal to the last that is shown, p99, ms" .latencies.revoked.p99 "<=" 1000 || code=1
  proof_verdict "$code" "nobody is shown anything after their removal; $(load_summary "$PROOF_PLACE/report-3.json")"
}

main "$@"
