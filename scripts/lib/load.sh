# shellcheck shell=bash
# What the proofs by discuss-load have in common.

# Sets CORPUS to the file that a proof was given, if its first argument is one, else to a made-up corpus of
# the same size as the real one; and CORPUS_OPTIONS to the rest.
take_corpus() {
  CORPUS=(--limit 120000)
  if [[ -n ${1:-} && $1 != -* ]]; then
    if [[ ! -r $1 ]]; then die "there is no file $1"; fi
    CORPUS=("$(realpath "$1")")
    shift
  fi
  # shellcheck disable=SC2034 # for the proof
  CORPUS_OPTIONS=("$@")
}

# What a report of discuss-load says of loss and delay, in a line: load_summary FILE
load_summary() {
  jq -r '.judgement as $j | $j.faults as $f | .latencies.delivery as $d | "\($j.acked) acknowledged, \($d.count) delivered: "
    + "\($f.lost) lost, \($f.doubled) doubled, \($f.outOfOrder) out of order, p95 \($d.p95) ms"' "$1"
}

# Kills instances of a proof with SIGKILL in turn, one every so many seconds, each started again after a
# second, until end_killer is called: kill_in_turn SECONDS INSTANCE...   For the background.
kill_in_turn() {
  local seconds=$1 instance
  shift
  trap - EXIT
  rm -f "$PROOF_PLACE/enough"
  : >"$PROOF_PLACE/kills"
  while true; do
    for instance in "$@"; do
      if ! pause_unless_enough "$seconds"; then return; fi
      proof_kill "$instance"
      echo "$instance" >>"$PROOF_PLACE/kills"
      sleep 1
      proof_start_again "$instance" >>"$PROOF_PLACE/log/kills.log" 2>&1
    done
  done
}

# Waits so many seconds; fails as soon as there is enough of killing.
pause_unless_enough() {
  local tenths=$((10 * $1))
  while ((tenths-- > 0)); do
    if [[ -e $PROOF_PLACE/enough ]]; then return 1; fi
    sleep 0.1
  done
}

# Ends kill_in_turn, with everything running again: end_killer PID
end_killer() {
  touch "$PROOF_PLACE/enough"
  wait "$1" || die "an instance did not start again: see $PROOF_PLACE/log/kills.log"
}

# How often kill_in_turn has killed.
kills_done() {
  wc -l <"$PROOF_PLACE/kills"
}

# Whether kill_in_turn has killed every one of these at least once: all_killed INSTANCE...
all_killed() {
  local instance
  for instance in "$@"; do
    grep -q -x "$instance" "$PROOF_PLACE/kills" || return 1
  done
}

# How often load_runs repeats what it measures.
LOAD_RUNS=${LOAD_RUNS:-3}

# Runs discuss-load against a proof's api and gateway, LOAD_RUNS times, for load_require to take medians of; fails if
# something was lost, doubled or out of order in any: load_runs COMMAND [OPTIONS...]
load_runs() {
  local run code=0
  if ((LOAD_RUNS < 3)); then
    say "A quick look: fewer than 3 runs prove nothing"
    code=1
  fi
  rm -f "$PROOF_PLACE"/report-*.json
  for ((run = 1; run <= LOAD_RUNS; run++)); do
    proof_load "$@" --any-lateness --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
      --pids "$(proof_pids)" --json "$PROOF_PLACE/report-$run.json" || code=$?
  done
  return "$code"
}

# Runs discuss-load against a bench's api and gateway and prints its figures as ./scripts/bench takes them:
# bench_load COMMAND [OPTIONS...]. Fails only when something is lost, doubled or out of order: how late the
# load itself was is a figure like the others.
bench_load() {
  local code=0 report=$PROOF_PLACE/report.json
  proof_load "$@" --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$report" >&2 || code=$?
  if ((code == 1)); then die "messages were lost, doubled or out of order"; fi
  jq -r 'def figure(name; value; unit): "figure|\(name)|\(value * 100 | round / 100)|\(unit)";
    figure("accepted sends"; .volume.sendsPerSecond; "1/s"),
    figure("deliveries"; .volume.deliveriesPerSecond; "1/s"),
    (.latencies | figure("delivery p50"; .delivery.p50; "ms"), figure("delivery p95"; .delivery.p95; "ms"),
      figure("ack p50"; .ack.p50; "ms"), figure("ack p95"; .ack.p95; "ms")),
    figure("lateness of the load itself, p99"; .own.lateness.p99; "ms"),
    figure("flush alone, p50"; .probes.flush.latency.p50; "ms"),
    figure("bare sockets, p95"; .probes.bare.latency.p95; "ms")' "$report"
}

# The median and the spread of a figure of a proof's reports (report-*.json), and whether the median is as it
# must be: load_require NAME JQ-PATH OPERATOR BOUND
load_require() {
  local figures median
  figures=$(jq -s -r "[.[] | $2] | sort" "$PROOF_PLACE"/report-*.json)
  median=$(jq -r '.[length / 2 | floor]' <<<"$figures")
  proof_figure "$1 (must be $3 $4)" "$(jq -r '"\(.[length / 2 | floor] * 100 | round / 100), from \(.[0] * 100 | round / 100) to \(.[-1] * 100 | round / 100)"' <<<"$figures")"
  # A figure that is missing proves nothing.
  jq -e 'length > 0 and all(type == "number")' <<<"$figures" >/dev/null && jq -n -e "$median $3 $4" >/dev/null
}

# Ends a load in the background, and its program: load_stop PID
load_stop() {
  pkill -P "$1" 2>/dev/null || true
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# The memory of an instance now, in KiB: load_memory INSTANCE
load_memory() {
  awk '/^VmRSS:/ { print $2 }' "/proc/$(proof_pid "$1")/status"
}

# The CPU time that an instance has used, in milliseconds: load_cpu INSTANCE
load_cpu() {
  awk -v tick="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / tick }' "/proc/$(proof_pid "$1")/stat"
}

# How many sockets a gateway has: load_sockets INSTANCE
load_sockets() {
  curl -fsS "http://$(proof_admin "$1")/metrics" | awk '/^discuss_gateway_sockets / { sockets = $2 } END { print sockets + 0 }'
}

# Waits until a gateway has so many sockets: load_wait_for_sockets INSTANCE COUNT
load_wait_for_sockets() {
  local tries=0
  until (($(load_sockets "$1" || echo 0) >= $2)); do
    ((++tries < 600)) || die "$1 has $(load_sockets "$1") sockets, not $2"
    sleep 0.5
  done
}

# Keeps the most memory that an instance ever had in the proof's most-memory, in KiB, until it ends:
# load_watch_memory INSTANCE   For the background.
load_watch_memory() {
  local now most=0
  trap - EXIT
  while now=$(load_memory "$1" 2>/dev/null) && [[ -n $now ]]; do
    if ((now > most)); then
      most=$now
      echo "$most" >"$PROOF_PLACE/most-memory"
    fi
    sleep 0.2
  done
}
