#!/usr/bin/env bash
# More and more deliveries a second until 95 % take over 100 ms: the knee is at 30,000 or more, and at half of what bare sockets do.
# takes: about 6 minutes
#
# peak [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SOCKETS=1000
MEMBERS=50

main() {
  local code=0 rate best=0 p95 did bare
  proof_begin peak
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  bare=$("$(binary_of discuss-load release)" bare --sockets "$SOCKETS" --rate 200 --seconds 10 | sed -n 's/^BARE: \([0-9]*\) deliveries.*/\1/p')
  proof_figure "bare sockets, deliveries/s" "$bare"
  for rate in 200 300 400 500 600 700 800 900 1000 1200; do
    proof_load fanout --any-lateness --skip-probes --sockets "$SOCKETS" --channels $((SOCKETS / MEMBERS)) --members "$MEMBERS" \
      --rate "$rate" --messages $((rate * 10)) "$@" --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
      --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" >"$PROOF_PLACE/log/load-$rate.log" 2>&1 || { code=1; break; }
    p95=$(jq .latencies.delivery.p95 "$PROOF_PLACE/report.json")
    did=$(jq '.volume.deliveriesPerSecond | round' "$PROOF_PLACE/report.json")
    proof_figure "$rate messages/s: deliveries/s, p95 ms" "$did, $p95"
    if jq -n -e "$p95 > 100" >/dev/null; then break; fi
    best=$did
  done
  if ((best < 30000 || best * 2 < bare)); then code=1; fi
  proof_verdict "$code" "$best deliveries/s before the 95th percentile passes 100 ms; bare sockets do $bare"
}

main "$@"
