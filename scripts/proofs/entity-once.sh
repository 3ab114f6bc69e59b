#!/usr/bin/env bash
# 2,000 business events, each delivered three times, through two consumers of which one is killed every 5 s: 2,000 channels, 2,000 system messages.
# Then as many without kills: 99 % of the channels are there within 2 s of their record at 200 events a second.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 killer kills
  proof_begin entity-once
  proof_servers postgres redis kafka
  proof_service consumer-1 discuss-consumer
  proof_service consumer-2 discuss-consumer
  kill_in_turn 4 consumer-1 consumer-2 &
  killer=$!
  # Slow enough that some ten kills fall into it.
  proof_inside entity-once --tenant 1 --rate 40 || code=1
  end_killer "$killer"
  kills=$(kills_done)
  proof_figure "kills" "$kills"
  if ! all_killed consumer-1 consumer-2; then code=1; fi
  say "The same without kills"
  proof_inside entity-once --tenant 2 --rate 200 --lag-p99-under 2000 || code=1
  proof_verdict "$code" "one channel and one system message for each event, over $kills kills; without kills within 2 s"
}

main "$@"
