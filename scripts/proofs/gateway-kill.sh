#!/usr/bin/env bash
# During a replay gateway, API and Redis are killed in turn and started again: every client has every message, once, in order.
# takes: about 4 minutes
#
# gateway-kill [FILE] [OPTIONS of discuss-load replay]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 killer
  take_corpus "$@"
  proof_begin gateway-kill
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  kill_in_turn 7 gateway api redis &
  killer=$!
  proof_load replay "${CORPUS[@]}" --people 500 --any-lateness --settle 120 "${CORPUS_OPTIONS[@]}" \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" || code=$?
  end_killer "$killer"
  proof_figure "kills" "$(kills_done)"
  if ! all_killed gateway api redis; then code=1; fi
  proof_verdict "$code" "$(load_summary "$PROOF_PLACE/report.json"), over $(kills_done) kills"
}

main "$@"
