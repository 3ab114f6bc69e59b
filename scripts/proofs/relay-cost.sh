#!/usr/bin/env bash
# With the relay to Kafka on, there are at least 75 % of the sends a second that there are without it, and it stays less than a second behind.
# takes: about 4 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

TURNS=3
SECONDS_A_TURN=20

# One turn of sends into 200 channels as fast as they are taken; prints sends a second.
# turn NAME
turn() {
  local code=0
  proof_load send --channels 200 --sockets 1 --messages 1000000 --seconds "$SECONDS_A_TURN" --any-lateness --skip-probes \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/$1.json" >"$PROOF_PLACE/log/$1.log" 2>&1 || code=$?
  if ((code == 1)); then die "messages were lost, doubled or out of order: see $PROOF_PLACE/log/$1.log"; fi
  jq -r '.volume.sendsPerSecond | floor' "$PROOF_PLACE/$1.json"
}

# Seconds of CPU that a process and its children have used: cpu_seconds INSTANCE
cpu_seconds() {
  local pid
  pid=$(proof_pid "$1")
  ps -o cputimes= --pid "$pid" --ppid "$pid" | awk '{ total += $1 } END { print total + 0 }'
}

main() {
  local code=0 turn with=() without=() ratios=() spans=() before after events since
  proof_begin relay-cost
  proof_servers postgres redis kafka
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  # Makes the topics, and shows what a turn costs when everything is warm.
  proof_service consumer discuss-consumer
  say "Warming up: $SECONDS_A_TURN s of sends"
  turn warm-up >/dev/null
  for ((turn = 1; turn <= TURNS; turn++)); do
    say "Turn $turn of $TURNS: $SECONDS_A_TURN s of sends without the relay, $SECONDS_A_TURN s with it"
    proof_kill consumer TERM
    without+=("$(turn "without-$turn")")
    proof_start_again consumer
    await_relay
    events=$(events_logged)
    before="$(cpu_seconds consumer) $(cpu_seconds postgres) $(cpu_seconds kafka)"
    since=$(now_ms)
    with+=("$(turn "with-$turn")")
    spans+=(--between "$since-$(now_ms)")
    await_relay
    after="$(cpu_seconds consumer) $(cpu_seconds postgres) $(cpu_seconds kafka)"
    events=$(($(events_logged) - events))
    ratios+=("$(awk -v with="${with[-1]}" -v without="${without[-1]}" 'BEGIN { printf "%.2f", with / without }')")
    proof_figure "turn $turn: sends/s without, with, ratio" "${without[-1]} ${with[-1]} ${ratios[-1]}"
    print_cpu "$turn" "$events" "$before" "$after"
  done
  local ratio
  ratio=$(printf '%s\n' "${ratios[@]}" | sort -n | sed -n "$(((TURNS + 1) / 2))p")
  proof_figure "ratio, median of $TURNS" "$ratio"
  awk -v ratio="$ratio" 'BEGIN { exit !(ratio >= 0.75) }' || code=1
  say "Is every event in Kafka, and how soon were those of the turns with the relay?"
  proof_inside relayed --lag-p95-under 1000 "${spans[@]}" || code=1
  proof_verdict "$code" "$ratio of the sends that there are without the relay; it stays less than a second behind, and every event is in Kafka"
}

# How many events the log has.
events_logged() {
  proof_sql "SELECT coalesce(sum(last_seq), 0) FROM channels"
}

# Waits until the relay has caught up.
await_relay() {
  local tries=0
  until [[ $(proof_sql "SELECT count(*) FROM channels c LEFT JOIN relay_heads h ON h.channel_id = c.id WHERE c.last_seq > coalesce(h.seq, 0)") == 0 ]]; do
    ((++tries < 600)) || die "the relay does not catch up"
    sleep 0.2
  done
}

# What an event costs, in microseconds of CPU: print_cpu TURN EVENTS BEFORE AFTER
print_cpu() {
  local before after
  read -ra before <<<"$3"
  read -ra after <<<"$4"
  awk -v turn="$1" -v events="$2" -v c="$((after[0] - before[0]))" -v p="$((after[1] - before[1]))" -v k="$((after[2] - before[2]))" \
    'BEGIN { printf "turn %s: %d events; CPU an event: relay %.0f us, PostgreSQL %.0f us, Kafka %.0f us\n", turn, events, c * 1e6 / events, p * 1e6 / events, k * 1e6 / events }'
}

main "$@"
