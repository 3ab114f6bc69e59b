#!/usr/bin/env bash
# PostgreSQL is stopped for 60 s while business records flow: none is a dead letter, all are done afterwards.
# takes: about 2 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# Takes PostgreSQL away for a while.
take_database_away() {
  trap - EXIT
  sleep 15
  proof_kill postgres
  sleep 60
  proof_start_again postgres
}

main() {
  local code=0 outage
  proof_begin database-away
  proof_servers postgres redis kafka
  proof_service consumer-1 discuss-consumer KAFKA_RETRY_SECONDS=5
  proof_service consumer-2 discuss-consumer KAFKA_RETRY_SECONDS=5
  take_database_away >"$PROOF_PLACE/log/outage.log" 2>&1 &
  outage=$!
  say "PostgreSQL goes in 15 s and comes back a minute later"
  proof_inside entity-flow --seconds 100 --rate 20 || code=1
  wait "$outage" || { code=1; cat "$PROOF_PLACE/log/outage.log"; }
  proof_verdict "$code" "no dead letter, and every record done, over 60 s without PostgreSQL"
}

main "$@"
