#!/usr/bin/env bash
# Whatever can't be right is refused by every route in the envelope, is not in the log, and the next request works.
# takes: about 1 minute
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0 said logged mark
  proof_begin bad-input
  proof_servers postgres redis
  proof_service api discuss-api
  said=$PROOF_PLACE/log/bad-input.log
  proof_load bad-input --document "$ROOT/openapi/openapi.json" --api "$(proof_api api)" | tee "$said" || code=$?
  # Every text that was sent holds one word: the log must not.
  mark=$(sed -n 's/.*every text in them holds \([a-z]*\)$/\1/p' "$said")
  if [[ -z $mark ]]; then die "the run did not say which word to look for"; fi
  logged=$(grep -c "$mark" "$PROOF_PLACE/log/api.log") || true
  proof_figure "lines of the log with what was sent" "$logged"
  if ((logged != 0)); then code=1; fi
  proof_verdict "$code" "$(sed -n '$s/;.*//p' "$said"), $logged lines of the log hold what was sent"
}

main "$@"
