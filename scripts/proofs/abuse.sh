#!/usr/bin/env bash
# A hundred clients at a time that mean no good, with the limits as shipped: each is closed as it deserves, memory hardly grows, others hear everything.
# takes: about 4 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

CLIENTS=100

main() {
  local code=0 load user before after list=()
  PACKAGES+=("nodejs|command -v node")
  proof_begin abuse
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway RATE_LIMIT_FRAMES=120
  for ((user = 1001; user <= 1000 + CLIENTS; user++)); do list+=("$(make_token "$JWT_SECRET" "$user" 1 "Person $user" 3600)"); done
  proof_load fanout --any-lateness --skip-probes --sockets 500 --channels 10 --members 50 --rate 10 --messages 2000 \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" --json "$PROOF_PLACE/report-1.json" &
  load=$!
  load_wait_for_sockets gateway 500
  sleep 20
  before=$(load_memory gateway)
  load_watch_memory gateway &
  TOKENS=$(IFS=, && printf '%s' "${list[*]}") node "$ROOT/scripts/clients/abuse.mjs" "$(proof_gateway gateway)" || code=1
  after=$(cat "$PROOF_PLACE/most-memory")
  wait "$load" || code=$?
  proof_figure "memory before, KiB" "$before"
  proof_figure "at most meanwhile, KiB" "$after"
  load_require "the others' delivery p95, ms" .latencies.delivery.p95 "<=" 100 || code=1
  if ((after - before > 20480)); then code=1; fi
  proof_verdict "$code" "abuse took $((after - before)) KiB; $(load_summary "$PROOF_PLACE/report-1.json")"
}

main "$@"
