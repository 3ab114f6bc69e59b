# shellcheck shell=bash
# What the proof `counts` looks for: each count told twice, by what is counted and by what keeps or says the count.

# What must never be: its name, SQL that counts it, and SQL that brings it about, to see that it would be found.
WRONG_NAMES=()
WRONG_COUNTS=()
WRONG_SPOILS=()

# Adds one: wrong NAME COUNT SPOIL
wrong() {
  WRONG_NAMES+=("$1")
  WRONG_COUNTS+=("$2")
  WRONG_SPOILS+=("$3")
}

# What the API told, and what the log tells of reactions, as tables: channels_told and messages_told have the lines.
TOLD="
CREATE TABLE told AS
  SELECT (line ->> 'person')::bigint AS person, (line -> 'channel' ->> 'id')::bigint AS channel,
         (line -> 'channel' ->> 'unreadCount')::bigint AS unread, (line -> 'channel' ->> 'mentionCount')::bigint AS mentions,
         (line -> 'channel' ->> 'memberCount')::bigint AS members, (line -> 'channel' ->> 'messageCount')::bigint AS messages
    FROM channels_told;
CREATE TABLE told_messages AS
  SELECT (line ->> 'person')::bigint AS person, (line -> 'message' ->> 'id')::bigint AS id, line -> 'message' AS said
    FROM messages_told;
CREATE VIEW told_reactions AS
  SELECT t.id, r ->> 'emoji' AS emoji, u::bigint AS person
    FROM told_messages t, jsonb_array_elements(said -> 'reactions') r, jsonb_array_elements_text(r -> 'userIds') u;
CREATE VIEW stored_reactions AS
  SELECT m.id, r ->> 'emoji' AS emoji, u::bigint AS person
    FROM messages m, jsonb_array_elements(m.reactions) r, jsonb_array_elements_text(r -> 'userIds') u;
CREATE VIEW logged_reactions AS
  SELECT m.id, payload ->> 'emoji' AS emoji, (payload ->> 'userId')::bigint AS person
    FROM channel_events e JOIN messages m ON m.id = e.message_id AND m.deleted_at IS NULL
   WHERE e.kind IN ('reaction_added', 'reaction_removed')
   GROUP BY 1, 2, 3 HAVING sum(CASE e.kind WHEN 'reaction_added' THEN 1 ELSE -1 END) <> 0"

MEMBERS="(SELECT count(*) FROM channel_members m WHERE m.channel_id = c.id AND m.status IN ('ACTIVE', 'MUTED'))"
MESSAGES="(SELECT count(*) FROM messages m WHERE m.channel_id = c.id)"
UNREAD="(SELECT count(*) FROM messages m WHERE m.channel_id = c.id AND m.seq > p.last_read_seq AND m.parent_id IS NULL AND m.kind <> 'SYSTEM')"
MENTIONS="(SELECT count(*) FROM messages m WHERE m.channel_id = c.id AND m.seq > p.last_read_seq AND m.deleted_at IS NULL
            AND m.sender_id <> p.user_id AND (m.mentions_everyone IS NOT NULL OR p.user_id = ANY (m.mentions)))"
PEOPLE="channels c JOIN channel_members p ON p.channel_id = c.id AND p.status IN ('ACTIVE', 'MUTED')"
TOLD_PEOPLE="$PEOPLE JOIN told t ON t.channel = c.id AND t.person = p.user_id"
# A root with its replies, those that were deleted and those that were not; `who` and `newest` are of the latter.
ROOTS="messages r CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS replies,
                coalesce(array_agg(DISTINCT sender_id) FILTER (WHERE deleted_at IS NULL), '{}') AS who,
                coalesce(array_agg(DISTINCT sender_id), '{}') AS ever,
                max(created_at) FILTER (WHERE deleted_at IS NULL) AS newest, array_agg(created_at) AS times
           FROM messages m WHERE m.parent_id = r.id) t"
TOLD_ROOTS="$ROOTS JOIN told_messages s ON s.id = r.id"
A_ROOT="(SELECT min(id) FROM messages WHERE thread_count > 0)"

wrong "channels that miscount their members" \
  "SELECT count(*) FROM channels c WHERE member_count <> $MEMBERS" \
  "UPDATE channels SET member_count = member_count + 1 WHERE id = 1"
wrong "channels that miscount their messages" \
  "SELECT count(*) FROM channels c WHERE message_count <> $MESSAGES" \
  "UPDATE channels SET message_count = message_count - 1 WHERE id = 1"
wrong "seqs missing in the log" \
  "SELECT count(*) FROM channels c WHERE last_seq <> (SELECT count(*) FROM channel_events e WHERE e.channel_id = c.id)" \
  "UPDATE channels SET last_seq = last_seq + 1 WHERE id = 1"
wrong "members with a wrong unread count" \
  "SELECT count(*) FROM $PEOPLE WHERE c.unread_count_base - p.last_read_count <> $UNREAD" \
  "UPDATE channels SET unread_count_base = unread_count_base + 1 WHERE id = 1"
wrong "messages with wrong rows for whom they mention" \
  "WITH named AS (
     SELECT channel_id, unnest(CASE WHEN mentions_everyone IS NULL THEN mentions ELSE '{0}' END) AS user_id, seq
       FROM messages WHERE deleted_at IS NULL),
   counted AS (
     SELECT x.channel_id, x.user_id, x.seq FROM message_mentions x
       JOIN messages m ON m.channel_id = x.channel_id AND m.seq = x.seq AND m.deleted_at IS NULL)
   SELECT count(*) FROM ((TABLE named EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE named)) d" \
  "UPDATE messages SET mentions = '{}', mentions_everyone = NULL WHERE deleted_at IS NULL"
wrong "roots that miscount their replies" \
  "SELECT count(*) FROM $ROOTS WHERE r.thread_count <> t.replies" \
  "UPDATE messages SET thread_count = thread_count + 1 WHERE id = $A_ROOT"
wrong "replies with a wrong number in their thread" \
  "SELECT count(*) FROM (SELECT reply_no, count(*) OVER (PARTITION BY parent_id ORDER BY seq) AS place
                           FROM messages WHERE parent_id IS NOT NULL) m WHERE reply_no IS DISTINCT FROM place" \
  "UPDATE messages SET reply_no = reply_no + 1000000 WHERE parent_id = $A_ROOT"
wrong "roots with a wrong time of the last reply" \
  "SELECT count(*) FROM $ROOTS WHERE (r.last_reply_at IS NULL) <> (t.replies = 0)
      OR r.last_reply_at < t.newest OR r.last_reply_at <> ALL (t.times)" \
  "UPDATE messages SET last_reply_at = last_reply_at - interval '1 minute' WHERE id = $A_ROOT"
wrong "roots that name the wrong people" \
  "SELECT count(*) FROM $ROOTS WHERE NOT (r.thread_participants @> t.who AND r.thread_participants <@ t.ever)
      OR (t.replies = 0) <> (r.thread_participants = '{}')
      OR cardinality(r.thread_participants) <> (SELECT count(DISTINCT u) FROM unnest(r.thread_participants) u)" \
  "UPDATE messages SET thread_participants = thread_participants || thread_participants WHERE id = $A_ROOT"
wrong "reactions that are not those of the log" \
  "SELECT count(*) FROM ((TABLE stored_reactions EXCEPT TABLE logged_reactions)
                         UNION ALL (TABLE logged_reactions EXCEPT TABLE stored_reactions)) d" \
  "UPDATE messages SET reactions = NULL WHERE reactions IS NOT NULL"
wrong "reactions of one person that are there twice" \
  "SELECT count(*) FROM (SELECT FROM stored_reactions GROUP BY id, emoji, person HAVING count(*) > 1) d" \
  "UPDATE messages SET reactions = reactions || reactions WHERE reactions IS NOT NULL"
wrong "messages that miscount their edits" \
  "SELECT count(*) FROM messages m
     LEFT JOIN LATERAL (SELECT count(*) AS kept FROM message_edits e WHERE e.message_id = m.id) k ON true
     LEFT JOIN LATERAL (SELECT count(*) AS logged FROM channel_events e
                         WHERE e.channel_id = m.channel_id AND e.message_id = m.id AND e.kind = 'message_edited') l ON true
    WHERE kept <> CASE WHEN deleted_at IS NULL THEN logged ELSE 0 END OR (deleted_at IS NULL AND (edited_at IS NULL) <> (logged = 0))" \
  "DELETE FROM message_edits WHERE version = 1"
wrong "members told a wrong unread count" \
  "SELECT count(*) FROM $TOLD_PEOPLE WHERE t.unread <> $UNREAD" \
  "UPDATE told SET unread = unread + 1 WHERE channel = 1"
wrong "members told a wrong count of mentions" \
  "SELECT count(*) FROM $TOLD_PEOPLE WHERE t.mentions <> $MENTIONS" \
  "UPDATE told SET mentions = mentions + 1 WHERE channel = 1"
wrong "members told a wrong number of members" \
  "SELECT count(*) FROM told t JOIN channels c ON c.id = t.channel WHERE t.members <> $MEMBERS" \
  "UPDATE told SET members = members - 1 WHERE channel = 1"
wrong "members told a wrong number of messages" \
  "SELECT count(*) FROM told t JOIN channels c ON c.id = t.channel WHERE t.messages <> $MESSAGES" \
  "UPDATE told SET messages = messages + 1 WHERE channel = 1"
wrong "members who were told nothing" \
  "SELECT count(*) FROM $PEOPLE WHERE NOT EXISTS (SELECT FROM told t WHERE t.channel = c.id AND t.person = p.user_id)" \
  "DELETE FROM told WHERE channel = 1"
wrong "messages that nobody was told of" \
  "SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT FROM told_messages s WHERE s.id = m.id)" \
  "DELETE FROM told_messages WHERE id = $A_ROOT"
wrong "roots told with a wrong count of replies" \
  "SELECT count(*) FROM $TOLD_ROOTS WHERE (said ->> 'threadCount')::bigint <> t.replies" \
  "UPDATE told_messages SET said = said || '{\"threadCount\": 0}' WHERE id = $A_ROOT"
wrong "roots told with wrong people or last reply" \
  "SELECT count(*) FROM messages m JOIN told_messages s USING (id)
    WHERE said -> 'threadParticipants' <> to_jsonb(m.thread_participants)
       OR (said ->> 'lastReplyAt')::numeric IS DISTINCT FROM floor(extract(epoch FROM m.last_reply_at) * 1000)" \
  "UPDATE told_messages SET said = said - 'lastReplyAt' WHERE id = $A_ROOT"
wrong "reactions told that are not those of the log" \
  "SELECT count(*) FROM ((TABLE told_reactions EXCEPT TABLE logged_reactions)
                         UNION ALL (TABLE logged_reactions EXCEPT TABLE told_reactions)) d" \
  "UPDATE told_messages SET said = said || '{\"reactions\": []}'"
wrong "reactions told with a wrong count or owner" \
  "SELECT count(*) FROM told_messages s, jsonb_array_elements(said -> 'reactions') r
    WHERE (r ->> 'count')::integer <> jsonb_array_length(r -> 'userIds')
       OR (r ->> 'isMine')::boolean <> (r -> 'userIds' @> to_jsonb(s.person))" \
  "UPDATE told_messages SET person = 0"
wrong "messages told with another text" \
  "SELECT count(*) FROM messages m JOIN told_messages s USING (id) WHERE said ->> 'content' IS DISTINCT FROM m.content
      OR (said ->> 'isDeleted')::boolean <> (m.deleted_at IS NOT NULL) OR (said ->> 'isEdited')::boolean <> (m.edited_at IS NOT NULL)" \
  "UPDATE told_messages SET said = said || '{\"isEdited\": true}'"
