#!/usr/bin/env bash
# 500 of 10,000 clients cease to read while 40 KB/s are due to each: they are cut, the others' p95 rises by at most a tenth, memory stays, and they come back whole.
# takes: about 16 minutes
#
# slow [OPTIONS of discuss-load slow]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SOCKETS=10000
DEAF=500
# The queue of one who takes nothing would be full after 24 seconds; the system gives up 10 after it held all it may.
GONE_WITHIN=25
# Of these, to whom four times as much is due, the queues are full before.
FILLED=250
# How many the gateway closed because of that, and how many of them were gone within 10 seconds.
CLOSED=discuss_gateway_slow_closes_total
CLOSED_IN_TIME='discuss_gateway_slow_close_seconds_bucket{le="10"}'

# One run of so many who cease to read, its report under a name: listen_to NAME DEAF [OPTIONS...]
listen_to() {
  local name=$1 deaf=$2
  shift 2
  # 20 channels, each with 10 messages of 4 KB a second, from which half of the members turn away.
  proof_load slow --any-lateness --skip-probes --sockets "$SOCKETS" --channels 200 --members 50 --rate 300 --messages 24000 --deaf "$deaf" "$@" \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/$name.json" | tee "$PROOF_PLACE/load.out"
}

# Notes every second how many sockets the gateway has, until it or the gateway is ended. For the background.
watch_sockets() {
  local sockets
  trap - EXIT
  while sleep 1 && proof_pid gateway >/dev/null; do
    if sockets=$(load_sockets gateway) && [[ -n $sockets ]]; then
      printf '%s %s\n' "$(date +%s)" "$sockets"
    fi
  done >"$PROOF_PLACE/sockets.out"
}

# How many seconds after they ceased to read all of those were gone.
gone_after() {
  awk -v left="$((SOCKETS - DEAF))" 'FNR == NR { if (/ cease to read at /) ceased = $NF; next }
    $1 >= ceased && $2 > 0 && $2 <= left { print int($1 - ceased + 1); exit }' "$PROOF_PLACE/load.out" "$PROOF_PLACE/sockets.out"
}

# A counter or the like of the gateway: figure_of NAME
figure_of() {
  curl -fsS "http://$(proof_admin gateway)/metrics" | awk -v name="$1" 'index($0, name " ") == 1 { sum += $2 } END { print sum + 0 }'
}

# The others' p95 in a run, in milliseconds: others_in NAME
others_in() {
  jq '.latencies.delivery.p95 * 100 | round / 100' "$PROOF_PLACE/$1.json"
}

# By how much the others' p95 is changed, in hundredths: the median of the three pairs of runs. The machine's hours differ
# more than the two of a pair, which follow each other.
change() {
  local run
  for run in 1 2 3; do
    jq -n "($(others_in "some-$run") / $(others_in "all-$run") - 1) * 100"
  done | jq -s 'sort | .[1] * 10 | round / 10'
}

main() {
  local code=0 run before most=0 now all in_time back gone longest=0 watch
  proof_begin slow
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  rm -f "$PROOF_PLACE"/*.json
  for run in 1 2 3; do
    rm -f "$PROOF_PLACE/most-memory"
    load_watch_memory gateway &
    watch_sockets &
    watch=$!
    # The same people are the others, whether the rest of them reads on or not.
    listen_to "all-$run" "$DEAF" --lasts 0 "$@" || code=1
    before=$(cat "$PROOF_PLACE/most-memory")
    listen_to "some-$run" "$DEAF" "$@" || code=1
    now=$(($(cat "$PROOF_PLACE/most-memory") - before))
    load_stop "$watch"
    gone=$(gone_after)
    proof_figure "grown by, KiB" "$now"
    proof_figure "all who ceased to read gone after, s" "${gone:-never}"
    proof_figure "others' p95 while all read, then some do not, ms" "$(others_in "all-$run") $(others_in "some-$run")"
    if ((${gone:-1000} > longest)); then longest=${gone:-1000}; fi
    if ((now > most)); then most=$now; fi
  done
  all=$(figure_of "$CLOSED")
  in_time=$(figure_of "$CLOSED_IN_TIME")
  listen_to full "$FILLED" --loud 10 --bytes 9000 --lasts 25 "$@" || code=1
  all=$(($(figure_of "$CLOSED") - all))
  in_time=$(($(figure_of "$CLOSED_IN_TIME") - in_time))
  back=$(jq -s 'map(.volume.reconnects) | min' "$PROOF_PLACE"/some-*.json)
  proof_figure "closed because their queue was full" "$all"
  proof_figure "of them gone within 10 s" "$in_time"
  proof_figure "cut, and back and whole again, at least" "$back"
  proof_figure "others' p95 is changed by, %" "$(change)"
  if ((back < DEAF || longest > GONE_WITHIN || all < FILLED || in_time < all || most > 102400)); then code=1; fi
  jq -n -e "$(change) <= 10" >/dev/null || code=1
  proof_verdict "$code" "$back of $DEAF were cut within $longest s and came back, the gateway grew by $most KiB; $(load_summary "$PROOF_PLACE/some-3.json")"
}

main "$@"
