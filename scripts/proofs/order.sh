#!/usr/bin/env bash
# A reader of the event log never skips or misorders a seq, whatever writers, kills and crashes do (10 minutes).
# takes: about 12 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# Kills every process of the proof's PostgreSQL at once and starts it again: nothing that was only in its
# memory survives. The program of the proof calls the script with this variable set.
crash_postgres() {
  local pid children
  pid=$(proof_pid postgres) || die "PostgreSQL does not run"
  # Stopped, it starts no process that the list would miss.
  kill -s STOP "$pid"
  mapfile -t children < <(grep -l -x "PPid:[[:space:]]*$pid" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3)
  kill -s KILL "$pid" "${children[@]}"
  while proof_pid postgres >/dev/null; do sleep 0.01; done
  proof_start_again postgres
}

# Runs the proof with options; its output, but for the verdict, is shown too. The writers say on their
# standard error what they go through; that is no part of the figures.
prove() {
  local log=$PROOF_PLACE/log
  "$(binary_of discuss-proofs release)" order "$@" 2>>"$log/writers.log" | tee "$log/order.log" | sed '$d'
}

# Runs the proof with its rule broken on purpose, which must be noticed: must_fail NAME PATTERN OPTIONS...
# PATTERN matches the faults that must be found.
must_fail() {
  local name=$1 pattern=$2 code=0 log=$PROOF_PLACE/log/$1.log
  shift 2
  say "broken on purpose: $name"
  "$(binary_of discuss-proofs release)" order --seconds 20 "$@" >"$log" 2>>"$PROOF_PLACE/log/writers.log" || code=$?
  grep -m 3 FAULT "$log" || true
  proof_figure "$name" "$(tail -n 1 "$log")"
  # 1 is "it does not hold"; anything else would be another failure.
  if ((code != 1)) || ! grep -q "FAULT.*$pattern" "$log"; then
    proof_verdict 1 "it did not fail with $*, as it must (exit $code)"
  fi
}

main() {
  local code=0
  proof_begin order
  proof_servers postgres
  export PROOF_PLACE PROOF_PG_PORT PROOF_PG_PASSWORD REDIS_URL="redis://127.0.0.1:1" PROOF_CRASHES=yes
  # A crash is to lose what was committed asynchronously, not to meet the moment at which it was written.
  postgres_sql "$PROOF_PG_PORT" "$PROOF_PG_PASSWORD" postgres "ALTER SYSTEM SET wal_writer_delay = '10s'"
  proof_sql "SELECT pg_reload_conf()" >/dev/null

  must_fail "a reader ordered by txid" "was to come\|was committed before a pass" --reader txid
  must_fail "checks in the locking statement" "after having been removed" --check in-lock
  must_fail "a snapshot kept over a crash" "was committed before a pass" \
    --reader forgetful --crash-command "$ROOT/scripts/proofs/order.sh"
  say "the proof itself"
  prove --crash-command "$ROOT/scripts/proofs/order.sh" "$@" || code=$?
  if ((code > 1)); then
    show_log_end "$PROOF_PLACE/log/writers.log" "the proof could not be made"
    proof_verdict "$code" "it could not be made"
  fi
  proof_verdict "$code" "$(tail -n 1 "$PROOF_PLACE/log/order.log"); broken readers and checks were noticed"
}

if [[ -n ${PROOF_CRASHES:-} ]]; then crash_postgres >>"$PROOF_PLACE/log/crash.log"; else main "$@"; fi
