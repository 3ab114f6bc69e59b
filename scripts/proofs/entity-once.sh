#!/usr/bin/env bash
# 2,000 business events, each delivered three times, through two consumers of which one is killed every 5 s: 2,000 channels, 2,000 system messages; without kills within 2 s at 200 events a second.
# takes: about 4 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# Waits until the partitions are shared: a group takes some seconds to find together.
await_shared_partitions() {
  local consumer tries=0
  for consumer in consumer-1 consumer-2; do
    until curl -fsS -m 5 "http://$(proof_admin "$consumer")/metrics" | grep -q '^discuss_kafka_lag_records{topic="ENTITY_EVENTS"'; do
      ((++tries < 300)) || die "$consumer has no partitions"
      sleep 0.2
    done
  done
}

main() {
  local code=0 killer kills
  proof_begin entity-once
  proof_servers postgres redis kafka
  proof_service consumer-1 discuss-consumer
  proof_service consumer-2 discuss-consumer
  say "Without kills"
  await_shared_partitions
  proof_inside entity-once --tenant 1 --rate 200 --lag-p99-under 2000 || code=1
  say "With kills"
  kill_in_turn 4 consumer-1 consumer-2 &
  killer=$!
  # Slow enough that some ten kills fall into it.
  proof_inside entity-once --tenant 2 --rate 40 || code=1
  end_killer "$killer"
  kills=$(kills_done)
  proof_figure "kills" "$kills"
  if ! all_killed consumer-1 consumer-2; then code=1; fi
  proof_verdict "$code" "one channel and one system message for each event, over $kills kills; without kills within 2 s"
}

main "$@"
