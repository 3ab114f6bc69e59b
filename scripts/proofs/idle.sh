#!/usr/bin/env bash
# 10,000 sockets in 30 channels each that say nothing: at most 18 KiB of memory a socket, and a tenth of a core.
# takes: about 4 minutes
#
# idle [SECONDS]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SOCKETS=10000

main() {
  local seconds=${1:-60} code=0 load before cpu memory used open
  proof_begin idle
  proof_servers postgres redis
  proof_service api discuss-api
  proof_service gateway discuss-gateway
  before=$(load_memory gateway)
  # The few messages at the end only keep the sockets open until then.
  proof_load fanout --any-lateness --skip-probes --sockets "$SOCKETS" --channels 3000 --members 100 --rate 0.02 --messages 4 \
    --api "$(proof_api api)" --gateway "$(proof_gateway gateway)" --json "$PROOF_PLACE/report.json" >"$PROOF_PLACE/log/load.log" 2>&1 &
  load=$!
  load_wait_for_sockets gateway "$SOCKETS"
  # Whoever came is told of: that is no rest yet.
  sleep 30
  cpu=$(load_cpu gateway)
  sleep "$seconds"
  used=$(jq -n "($(load_cpu gateway) - $cpu) / ($seconds * 1000)")
  memory=$(jq -n "($(load_memory gateway) - $before) / $SOCKETS")
  proof_figure "sockets (must be >= $SOCKETS)" "$(load_sockets gateway)"
  proof_figure "memory before, KiB" "$before"
  proof_figure "memory, KiB a socket (must be <= 18)" "$(printf '%.1f' "$memory")"
  proof_figure "cores (must be <= 0.10)" "$(printf '%.3f' "$used")"
  open=$(load_sockets gateway)
  load_stop "$load"
  if ((open < SOCKETS)); then code=1; fi
  jq -n -e "$memory <= 18 and $used <= 0.10" >/dev/null || code=1
  proof_verdict "$code" "$(printf '%.1f KiB a socket, %.3f cores' "$memory" "$used") for $SOCKETS sockets at rest"
}

main "$@"
