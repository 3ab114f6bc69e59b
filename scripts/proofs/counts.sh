#!/usr/bin/env bash
# 50 tasks send, reply, edit, delete, react, read, add, remove, join and leave for a minute through two APIs: threads, members, messages, reactions, mentions and what is unread are counted as they are in the tables.
# takes: about 2 minutes
#
# counts [OPTIONS of discuss-load counts]
#
# At the end every count is spoiled, one by one: each must be found wrong then.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"
# shellcheck source=../lib/counts.sh source-path=SCRIPTDIR
source "$ROOT/scripts/lib/counts.sh"

main() {
  local code=0 number
  proof_begin counts
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service api-2 discuss-api
  proof_load counts "$@" --told "$PROOF_PLACE/told" --api "$(proof_api api-1)" --api "$(proof_api api-2)" || code=1
  take_told
  print_figures
  for number in "${!WRONG_NAMES[@]}"; do count_wrong "$number" || code=1; done
  spoil_all || code=1
  proof_verdict "$code" "what $(proof_sql "SELECT count(*) FROM told") members and $(proof_sql "SELECT count(*) FROM told_messages") messages are told, and all that is counted, is as it is in the tables"
}

# Puts what the API told beside what is stored.
take_told() {
  local what
  for what in channels messages; do
    proof_sql "CREATE TABLE ${what}_told (line jsonb)"
    # Neither byte is in JSON: each line is one value, as it is.
    proof_sql "COPY ${what}_told FROM STDIN (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')" <"$PROOF_PLACE/told/$what.jsonl"
  done
  proof_sql "$TOLD"
  proof_sql "ANALYZE"
}

print_figures() {
  proof_figure "messages" "$(proof_sql "SELECT count(*) FROM messages")"
  proof_figure "replies, those of the longest thread" "$(proof_sql "SELECT count(parent_id) || ' ' || max(newest_reply_no) FROM messages")"
  proof_figure "reactions" "$(proof_sql "SELECT count(*) FROM stored_reactions")"
  proof_figure "edits" "$(proof_sql "SELECT count(*) FROM channel_events WHERE kind = 'message_edited'")"
  proof_figure "unread messages, mentions among them" "$(proof_sql "SELECT sum(unread) || ' ' || sum(mentions) FROM told")"
  proof_figure "memberships, ended ones included" "$(proof_sql "SELECT count(*) FROM channel_members")"
  proof_figure "comings and goings" "$(proof_sql "SELECT count(*) FROM channel_events WHERE kind LIKE 'member\_%'")"
}

# Prints how many there are of something that must not be: count_wrong NUMBER
count_wrong() {
  local count
  count=$(proof_sql "${WRONG_COUNTS[$1]}") || return 1
  proof_figure "${WRONG_NAMES[$1]}" "$count"
  ((count == 0))
}

# Brings about all that must not be, each by itself, and takes it back; fails if one of them is not found.
spoil_all() {
  local number count missed=0
  for number in "${!WRONG_NAMES[@]}"; do
    count=$(proof_sql "BEGIN; ${WRONG_SPOILS[$number]}; ${WRONG_COUNTS[$number]}; ROLLBACK") || return 1
    if ((count == 0)); then
      say "not found when it was so: ${WRONG_NAMES[$number]}"
      missed=$((missed + 1))
    fi
  done
  proof_figure "counts that were spoiled, and not found" "${#WRONG_NAMES[@]} $missed"
  ((missed == 0))
}

main "$@"
