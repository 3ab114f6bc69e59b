#!/usr/bin/env bash
# 100,000 sends, each repeated up to five times at once, through two APIs and a gateway of which one is killed every 5 s: each is stored once.
# takes: about 5 minutes
#
# once [MESSAGES]: fewer, for a shorter run.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local messages=${1:-100000} code=0 killer stored
  proof_begin once
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service api-2 discuss-api
  proof_service gateway discuss-gateway
  kill_in_turn 5 api-1 api-2 gateway &
  killer=$!
  proof_load send --any-lateness --repeat --messages "$messages" --senders 64 --channels 200 --sockets 10 --via mixed --settle 120 \
    --api "$(proof_api api-1)" --api "$(proof_api api-2)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" || code=$?
  end_killer "$killer"
  stored=$(proof_sql "SELECT count(*) FROM messages")
  proof_figure "messages sent" "$messages"
  proof_figure "messages in the table" "$stored"
  proof_figure "client ids stored twice" "$(proof_sql "SELECT count(*) - count(DISTINCT client_message_id) FROM messages")"
  proof_figure "kills" "$(kills_done)"
  if ((stored != messages)) || ! all_killed api-1 api-2 gateway; then code=1; fi
  proof_verdict "$code" "$stored messages stored of $messages sent, each up to six times, over $(kills_done) kills"
}

main "$@"
