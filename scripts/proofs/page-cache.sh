#!/usr/bin/env bash
# The newest messages in Redis, always there and never stale, would make the request for a page of the history quicker by less than a fifth.
# takes: about 4 minutes
#
# page-cache [OPTIONS of discuss-proofs page-cache]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# Messages of a page, and who reads it at once: as discuss-proofs measures them.
CASES=("50 1" "100 1" "50 16" "100 16")
# The channel that it stores, and a member of it.
CHANNEL=7
READER=5

# What the cache saves of a read, in microseconds: saved FILE SIZE READERS
saved() {
  awk -v wanted="$2 messages, readers at once: $3" '$0 == wanted { found = 1 } found && /saved by the cache/ { print $6; exit }' "$1"
}

# What a whole request takes, in milliseconds: request SIZE READERS
request() {
  "$(binary_of discuss-load release)" reads --api "$(proof_api api)" --tenant 1 --user "$READER" --readers "$2" \
    --times $((3200 / $2)) "page=/channels/$CHANNEL/messages?limit=$1&includeThreads=true" | jq '.page.p50 * 1000 | round / 1000'
}

main() {
  local code=0 said line size readers whole saves part
  proof_begin page-cache
  said=$PROOF_PLACE/log/page-cache.log
  proof_servers postgres redis
  proof_inside page-cache "$@" | tee "$said"
  proof_service api discuss-api
  request 50 1 >/dev/null
  for line in "${CASES[@]}"; do
    read -r size readers <<<"$line"
    whole=$(request "$size" "$readers")
    saves=$(saved "$said" "$size" "$readers")
    if ! [[ $saves =~ ^-?[0-9.]+$ && $whole =~ ^[0-9.]+$ ]]; then
      proof_figure "$size messages, $readers at once" "not measured"
      code=1
      continue
    fi
    part=$(awk -v saved="$saves" -v whole="$whole" 'BEGIN { printf "%.0f", saved / whole / 10 }')
    proof_figure "$size messages, $readers at once: request p50" "$whole" "ms"
    proof_figure "  saved by a cache that always has them" "$part" "%"
    # What is asked for when nobody says how many.
    if ((size == 50 && part >= 20)); then code=1; fi
  done
  proof_verdict "$code" "a cache of the newest messages that always has them would save less than a fifth of a request for 50"
}

main "$@"
