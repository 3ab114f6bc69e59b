#!/usr/bin/env bash
# More and more deliveries a second until 95 % take over 100 ms: the knee is at 30,000 or more, and in one channel of all at half of what bare sockets do.
# takes: about 9 minutes
#
# Bare sockets get every frame all of them, as the sockets of one channel do. In smaller channels it is more and more
# the sends, not the deliveries, that the processors are busy with.
#
# peak [OPTIONS of discuss-load fanout]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SOCKETS=1000

# Deliveries a second before 95 % take over 100 ms: of bare sockets, and of the last ramp.
BARE=0 BEST=0

# Sockets that only write and clients that only read, with more and more frames to each.
ramp_bare() {
  local rate report p95
  for rate in 30 60 100 150 200 250 300 400; do
    report=$("$(binary_of discuss-load release)" bare --sockets "$SOCKETS" --rate "$rate" --seconds 8 | sed '$d')
    p95=$(jq .latency.p95 <<<"$report")
    proof_figure "bare, $rate frames/s to each: deliveries/s, p95 ms" "$(jq '.deliveriesPerSecond | round' <<<"$report"), $p95"
    if jq -n -e "$p95 > 100" >/dev/null; then break; fi
    BARE=$(jq '.deliveriesPerSecond | round' <<<"$report")
  done
}

# More and more messages a second in channels of so many members: ramp MEMBERS RATES [OPTIONS...]
ramp() {
  local members=$1 rates=$2 rate p95 did
  shift 2
  BEST=0
  for rate in $rates; do
    # Whoever came is told of first.
    proof_load fanout --rest 6 --any-lateness --skip-probes --sockets "$SOCKETS" --channels $((SOCKETS / members)) --members "$members" \
      --rate "$rate" --messages $((rate * 10)) "$@" --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
      --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" >"$PROOF_PLACE/log/load-$members-$rate.log" 2>&1 || return 1
    p95=$(jq .latencies.delivery.p95 "$PROOF_PLACE/report.json")
    did=$(jq '.volume.deliveriesPerSecond | round' "$PROOF_PLACE/report.json")
    proof_figure "channels of $members, $rate messages/s: deliveries/s, p95 ms" "$did, $p95"
    if jq -n -e "$p95 > 100" >/dev/null; then break; fi
    BEST=$did
  done
}

main() {
  local code=0 small medium
  proof_begin peak
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  ramp_bare
  ramp 50 "100 200 400 600 800 1000" "$@" || code=1
  small=$BEST
  ramp 200 "50 100 150 200 300 400 500 600" "$@" || code=1
  medium=$BEST
  ramp "$SOCKETS" "20 30 50 75 100 125 150 175 200 250" "$@" || code=1
  if ((small < 30000 || medium < 30000 || BEST < 30000 || BEST * 2 < BARE)); then code=1; fi
  proof_verdict "$code" "before the 95th percentile passes 100 ms, deliveries/s: $BEST in one channel of $SOCKETS, $medium in channels of 200, $small in channels of 50; bare sockets do $BARE"
}

main "$@"
