#!/usr/bin/env bash
# A reader of the event log never skips or misorders a seq, whatever writers, kills and crashes do (10 minutes).
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

# Runs the proof with options; its output goes to a log too: prove LOG OPTIONS...
prove() {
  local log=$PROOF_PLACE/log/$1.log
  shift
  "$(binary_of discuss-proofs release)" order "$@" | tee "$log" | sed '$d'
}

# Runs the proof with its rule broken on purpose, which must be noticed: must_fail NAME OPTIONS...
must_fail() {
  local name=$1 code=0 log=$PROOF_PLACE/log/$1.log
  shift
  say "broken on purpose: $name"
  "$(binary_of discuss-proofs release)" order --seconds 20 "$@" >"$log" 2>&1 || code=$?
  grep -m 3 FAULT "$log" || true
  proof_figure "$name: $(tail -n 1 "$log")" "exit $code"
  # 1 is "it does not hold"; anything else would be another failure.
  if ((code != 1)) || ! grep -q "$MUST_SAY" "$log"; then
    tail -n 20 "$log" >&2
    proof_verdict 1 "it did not fail with $*, as it must"
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

  MUST_SAY="was to come" must_fail "a reader ordered by txid" --reader txid
  MUST_SAY="after having been removed" must_fail "checks in the locking statement" --check in-lock
  MUST_SAY="was committed before a pass" must_fail "a snapshot kept over a crash" --reader forgetful --crash-command "$ROOT/scripts/proofs/order.sh"
  say "the proof itself"
  prove order --crash-command "$ROOT/scripts/proofs/order.sh" "$@" || code=$?
  proof_verdict "$code" "$(tail -n 1 "$PROOF_PLACE/log/order.log"); broken readers and checks were noticed"
}

if [[ -n ${PROOF_CRASHES:-} ]]; then crash_postgres >>"$PROOF_PLACE/log/crash.log"; else main "$@"; fi
