#!/usr/bin/env bash
# A corpus of chat through the API, the database and the sockets of 500 people: nothing lost, doubled or out of order, p95 under 100 ms.
# takes: about 4 minutes
#
# replay [FILE] [OPTIONS of discuss-load replay]: without a file, a made-up corpus of 120,000 messages.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0
  take_corpus "$@"
  proof_begin replay
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  proof_load replay "${CORPUS[@]}" --people 500 --p95-under 100 "${CORPUS_OPTIONS[@]}" \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" \
    --pids "$(proof_pids)" --json "$PROOF_PLACE/report.json" || code=$?
  proof_verdict "$code" "$(load_summary "$PROOF_PLACE/report.json")"
}

main "$@"
