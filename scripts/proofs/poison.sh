#!/usr/bin/env bash
# 1 in 1,000 business records is broken: all of them are dead letters with a cause, the rest is untouched; what failed by our fault comes back by a replay.
# takes: about 4 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# What discuss-consumer has not committed yet, all partitions together; "unknown" while it does not say.
lag() {
  curl -fsS -m 5 "http://$(proof_admin consumer)/metrics" |
    awk '/^discuss_kafka_lag_records/ { lag += $2; told++ } END { print told ? lag : "unknown" }'
}

main() {
  local code=0 put_back lag
  proof_begin poison
  proof_servers postgres redis kafka
  proof_service consumer discuss-consumer KAFKA_RETRY_SECONDS=5
  # The trigger of the proof is made by who owns the tables.
  proof_inside entity-poison "$@" || code=1
  # The client tells its lag every five seconds.
  sleep 6
  lag=$(lag)
  proof_figure "lag" "$lag" "records"
  if [[ $lag != 0 ]]; then code=1; fi
  proof_sql "DROP TRIGGER refuse_some ON channels" >/dev/null
  put_back=$("$(binary_of discuss-consumer release)" replay ENTITY_EVENTS.dlt 2>"$PROOF_PLACE/log/replay.log" | tail -n 1)
  say "discuss-consumer replay: $put_back"
  proof_inside entity-replayed --put-back "${put_back%% *}" "$@" || code=1
  proof_verdict "$code" "every broken record is a dead letter with a cause, nothing else was touched, and the replay drained what had failed"
}

main "$@"
