#!/usr/bin/env bash
# 50 tasks send, read, add, remove, join and leave for a minute through two APIs: members, messages and what is unread are counted as they are in the tables.
# takes: about 2 minutes
#
# counts [OPTIONS of discuss-load counts]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

MEMBERS="(SELECT count(*) FROM channel_members m WHERE m.channel_id = c.id AND m.status IN ('ACTIVE', 'MUTED'))"
MESSAGES="(SELECT count(*) FROM messages m WHERE m.channel_id = c.id)"
UNREAD="(SELECT count(*) FROM messages m WHERE m.channel_id = c.id AND m.seq > p.last_read_seq AND m.parent_id IS NULL AND m.kind <> 'SYSTEM')"
PEOPLE="channels c JOIN channel_members p ON p.channel_id = c.id AND p.status IN ('ACTIVE', 'MUTED')"

# What must never be: a name, and SQL that counts it. `told` is what the API says to each person.
WRONGS=(
  "channels that miscount their members|SELECT count(*) FROM channels c WHERE member_count <> $MEMBERS"
  "channels that miscount their messages|SELECT count(*) FROM channels c WHERE message_count <> $MESSAGES"
  "members with a wrong unread count|SELECT count(*) FROM $PEOPLE WHERE c.unread_count_base - p.last_read_count <> $UNREAD"
  "members told a wrong unread count|SELECT count(*) FROM $PEOPLE JOIN told t ON t.channel = c.id AND t.person = p.user_id WHERE t.unread <> $UNREAD"
  "members told a wrong number of members|SELECT count(*) FROM told t JOIN channels c ON c.id = t.channel WHERE t.members <> $MEMBERS"
  "members told a wrong number of messages|SELECT count(*) FROM told t JOIN channels c ON c.id = t.channel WHERE t.messages <> $MESSAGES"
  "members who were told nothing|SELECT count(*) FROM $PEOPLE WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.channel = c.id AND t.person = p.user_id)"
  "seqs missing in the log|SELECT count(*) FROM channels c WHERE last_seq <> (SELECT count(*) FROM channel_events e WHERE e.channel_id = c.id)"
)

main() {
  local code=0 wrong
  proof_begin counts
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service api-2 discuss-api
  proof_load counts "$@" --told "$PROOF_PLACE/told.tsv" --api "$(proof_api api-1)" --api "$(proof_api api-2)" || code=1
  take_told
  proof_figure "messages" "$(proof_sql "SELECT count(*) FROM messages")"
  proof_figure "memberships, ended ones included" "$(proof_sql "SELECT count(*) FROM channel_members")"
  proof_figure "comings and goings" "$(proof_sql "SELECT count(*) FROM channel_events WHERE kind LIKE 'member\_%'")"
  for wrong in "${WRONGS[@]}"; do count_wrong "${wrong%%|*}" "${wrong#*|}" || code=1; done
  if [[ $(proof_sql "SELECT count(*) > 0 FROM told WHERE unread > 0") != t ]]; then
    say "nobody had anything unread: nothing was proved"
    code=1
  fi
  proof_verdict "$code" "$(proof_sql "SELECT count(*) FROM told") members asked of their channels: all counts are those of the tables"
}

# Puts what the API told beside what is stored.
take_told() {
  local rows
  rows=$(awk -v OFS=, '{ printf "%s(%s)", (NR > 1 ? "," : ""), $1 OFS $2 OFS $3 OFS $4 OFS $5 }' "$PROOF_PLACE/told.tsv")
  proof_sql "CREATE TABLE told (channel bigint, person bigint, unread bigint, members bigint, messages bigint)" >/dev/null
  if [[ -n $rows ]]; then proof_sql "INSERT INTO told VALUES $rows" >/dev/null; fi
}

# Prints how many there are of something that must not be: count_wrong NAME SQL
count_wrong() {
  local count
  count=$(proof_sql "$2") || return 1
  proof_figure "$1" "$count"
  ((count == 0))
}

main "$@"
