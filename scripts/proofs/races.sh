#!/usr/bin/env bash
# 100 callers who ask at once for a direct channel, or for that of a customer, get the same one, of 200 who react at once to a message no reaction is lost, and of 60 different emoji 50 are taken; through two APIs, and nobody gets an error.
# takes: about 1 minute
#
# races [OPTIONS of discuss-load races]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

REACTIONS="messages m, jsonb_array_elements(m.reactions) r, jsonb_array_elements_text(r -> 'userIds') u"

# A figure that discuss-load printed: figure NAME
figure() {
  awk -v name="$1" 'index($0, name) == 1 { print $NF }' "$PROOF_PLACE/races.txt"
}

# Prints a figure that is stored; fails unless it is what it must be: stored NAME SQL VALUE
stored() {
  local value
  value=$(proof_sql "$2")
  proof_figure "$1" "$value"
  [[ $value == "$3" ]]
}

main() {
  local code=0 asked taken errors crm customers callers
  proof_begin races
  proof_servers postgres redis
  crm=$(free_port)
  proof_service api-1 discuss-api CRM_SERVICE_URL="http://127.0.0.1:$crm"
  proof_service api-2 discuss-api CRM_SERVICE_URL="http://127.0.0.1:$crm"
  proof_load races "$@" --crm "$crm" --api "$(proof_api api-1)" --api "$(proof_api api-2)" | tee "$PROOF_PLACE/races.txt" || code=1
  asked=$(figure "direct channels asked for")
  taken=$(figure "reactions taken")
  stored "direct channels stored" "SELECT count(*) FROM channels WHERE kind = 'DIRECT'" "$asked" || code=1
  stored "pairs of people among them" "SELECT count(DISTINCT (direct_low_user_id, direct_high_user_id)) FROM channels WHERE kind = 'DIRECT'" "$asked" || code=1
  customers=$(figure "customers whose channel is asked for")
  callers=$(figure "people who ask for each at once")
  stored "channels of customers stored" "SELECT count(*) FROM channels WHERE kind = 'TOPIC'" "$customers" || code=1
  stored "customers among them" "SELECT count(DISTINCT entity_id) FROM channels WHERE kind = 'TOPIC'" "$customers" || code=1
  stored "people in each of them" "SELECT DISTINCT member_count FROM channels WHERE kind = 'TOPIC'" "$callers" || code=1
  stored "messages of the system in them" "SELECT count(*) FROM messages WHERE kind = 'SYSTEM'" "$customers" || code=1
  stored "reactions stored" "SELECT count(*) FROM $REACTIONS" "$taken" || code=1
  stored "those of a message, an emoji and a person" "SELECT count(DISTINCT (m.id, r ->> 'emoji', u)) FROM $REACTIONS" "$taken" || code=1
  stored "messages with more than 50 emoji" "SELECT count(*) FROM messages WHERE jsonb_array_length(reactions) > 50" 0 || code=1
  # grep -c says 0 and fails where there is none.
  errors=$(cat "$PROOF_PLACE"/log/api-*.log | grep -c '"level":"ERROR"' || true)
  proof_figure "errors in the logs of the APIs" "$errors"
  if ((errors > 0)); then code=1; fi
  proof_verdict "$code" "$asked direct channels for $asked pairs and $customers for $customers customers, whoever asked at once; $taken reactions taken at once, and none lost"
}

main "$@"
