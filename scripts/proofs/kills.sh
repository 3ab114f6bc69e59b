#!/usr/bin/env bash
# During a replay with two of each binary, everything is killed in turn and started again: every client has every message, once, in order, and Kafka every event.
# takes: about 4 minutes
#
# kills [FILE] [OPTIONS of discuss-load replay]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

INSTANCES=(api-1 gateway-1 consumer-1 worker-1 redis kafka postgres api-2 gateway-2 consumer-2 worker-2)

main() {
  local code=0 killer
  take_corpus "$@"
  proof_begin kills
  proof_servers postgres redis kafka
  start_two_of_each
  kill_in_turn 4 "${INSTANCES[@]}" &
  killer=$!
  proof_load replay "${CORPUS[@]}" --people 500 --any-lateness --settle 120 "${CORPUS_OPTIONS[@]}" \
    --api "$(proof_api api-1)" --api "$(proof_api api-2)" \
    --gateway "$(proof_gateway gateway-1)" --gateway "$(proof_gateway gateway-2)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" || code=$?
  end_killer "$killer"
  proof_figure "kills" "$(kills_done)"
  if ! all_killed "${INSTANCES[@]}"; then code=1; fi
  say "Is every event in Kafka?"
  proof_inside relayed || code=1
  refused_without_database || code=1
  proof_verdict "$code" "$(load_summary "$PROOF_PLACE/report.json"), over $(kills_done) kills; every event in Kafka, in order"
}

start_two_of_each() {
  local number
  for number in 1 2; do
    proof_service "api-$number" discuss-api
    proof_service "gateway-$number" discuss-gateway
    proof_service "consumer-$number" discuss-consumer
    proof_service "worker-$number" discuss-worker
  done
}

# Without PostgreSQL a send is refused with 503 and Retry-After.
refused_without_database() {
  local status
  proof_kill postgres
  status=$(curl -sS -m 20 -o /dev/null -D "$PROOF_PLACE/headers" -w '%{http_code}' "$(proof_api api-1)/channels/1/messages" \
    -H "Authorization: Bearer $(make_token "$JWT_SECRET" 1 1 ana 600)" -H 'Content-Type: application/json' -d '{"content":"nobody is there"}')
  proof_figure "a send without PostgreSQL" "$status"
  [[ $status == 503 ]] && grep -qi '^retry-after:' "$PROOF_PLACE/headers"
}

main "$@"
