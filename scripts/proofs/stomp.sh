#!/usr/bin/env bash
# 200 clients in one channel, half of them by @stomp/stompjs, half by JSON: each is shown every message once, and every event of STOMP is seen.
# takes: about 2 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

CLIENTS=200

main() {
  local code=0 user list=()
  PACKAGES+=("nodejs|command -v node" "npm|command -v npm")
  proof_begin stomp
  install_clients
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway-1 discuss-gateway GATEWAY_GRACE_MS=1000
  for ((user = 1; user <= CLIENTS; user++)); do list+=("$(make_token "$JWT_SECRET" "$user" 1 "Person $user" 3600)"); done
  TOKENS=$(IFS=, && printf '%s' "${list[*]}") node "$LOCAL/tools/clients/stomp.mjs" "$(proof_api api)" "$(proof_gateway gateway-1)" || code=1
  proof_verdict "$code" "$CLIENTS clients in both dialects, every message shown to each once, every event of STOMP seen"
}

# The library of the front end, from npm.
install_clients() {
  local folder=$LOCAL/tools/clients
  mkdir -p "$folder"
  cp "$ROOT"/scripts/clients/* "$folder"
  (cd "$folder" && npm install --silent --no-audit --no-fund) >"$PROOF_PLACE/log/npm.log" 2>&1 ||
    { show_log_end "$PROOF_PLACE/log/npm.log" "the clients could not be installed"; exit 1; }
}

main "$@"
