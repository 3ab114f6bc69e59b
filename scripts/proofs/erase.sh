#!/usr/bin/env bash
# A person's 100,000 messages are erased under load, the worker killed meanwhile, in steps that hold no channel for 100 ms; then nothing of theirs is in any table, in Redis, in a log or in a history.
# takes: about 4 minutes
#
# erase [OPTIONS of discuss-load erase]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# What nobody writes by chance: in all that the person writes, and in all that the others write.
MARK=qzxvkerased
OTHERS_MARK=qzxvkstays

# Transactions of the worker that was killed, and which of them were within 20 ms and 100 ms.
ALL=0 SHORTER=0 SHORT=0

# How many rows of all tables have a text in any of their columns.
rows_with() {
  local table column count sum=0
  while IFS='|' read -r table column; do
    count=$(proof_sql "SELECT count(*) FROM \"$table\" WHERE \"$column\"::text LIKE '%$1%'")
    ((sum += count)) || true
  done < <(proof_sql "SELECT c.table_name, c.column_name FROM information_schema.columns c
                        JOIN information_schema.tables t USING (table_schema, table_name)
                       WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
                         AND c.data_type NOT IN ('bigint', 'integer', 'boolean', 'timestamp with time zone', 'uuid')")
  printf '%s' "$sum"
}

# How many keys of Redis have a text in what they hold, as Redis writes it for another Redis, uncompressed.
keys_with() {
  local key count=0 url=$REDIS_URL
  redis-cli -u "$url" config set rdbcompression no >/dev/null
  while read -r key; do
    if redis-cli -u "$url" dump "$key" | grep -q -- "$1"; then ((++count)); fi
  done < <(redis-cli -u "$url" --scan)
  printf '%s' "$count"
}

# The same of a key that has it: whether a search of Redis finds anything.
finds_keys() {
  local found
  redis-cli -u "$REDIS_URL" set proof-of-the-search "$1 $1 $1 $1" >/dev/null
  found=$(keys_with "$1")
  redis-cli -u "$REDIS_URL" del proof-of-the-search >/dev/null
  ((found == 1))
}

# How many lines of the services' logs have a text.
log_lines_with() {
  cat "$PROOF_PLACE"/log/*.log | grep -c -- "$1" || true
}

# Fingerprints that are those of what the person wrote: they would let somebody try what it was.
fingerprints_left() {
  proof_sql "SELECT count(*) FROM messages m JOIN before_erasure b USING (id) WHERE m.fingerprint = b.fingerprint"
}

# The person's tombstones so far.
erased() {
  proof_sql "SELECT coalesce(max(erased), 0) FROM erasure_jobs"
}

# Kills the worker as soon as a third is gone, and starts it again: kill_worker PID_OF_THE_LOAD
kill_worker() {
  until (($(erased) > 30000)); do
    kill -0 "$1" 2>/dev/null || return 1
    sleep 0.2
  done
  add_transactions
  proof_kill worker
  proof_figure "erased when the worker was killed" "$(erased)"
  # A job is free 30 s after its holder's last step.
  proof_start_again worker
}

# Adds what the present worker says of its transactions: from the answer that the locks are taken to that of the
# commit.
add_transactions() {
  local metrics
  metrics=$(curl -fsS "http://$(proof_admin worker)/metrics")
  ALL=$((ALL + $(within +Inf))) SHORTER=$((SHORTER + $(within 0.02))) SHORT=$((SHORT + $(within 0.1)))
}

# How many of them took no longer than a bound of the histogram, in seconds; of the caller's $metrics.
within() {
  awk -v le="le=\"$1\"" 'index($0, "discuss_writer_locked_seconds_bucket{" le) { n = $NF } END { print n + 0 }' <<<"$metrics"
}

main() {
  local code=0 load marks others keys prints lines
  proof_begin erase
  proof_servers postgres redis
  proof_service api-1 discuss-api
  proof_service worker discuss-worker ERASURE_POLL_SECONDS=1
  proof_sql "CREATE TABLE IF NOT EXISTS public.before_erasure (id bigint, fingerprint uuid)" >/dev/null
  proof_sql "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$ BEGIN
               INSERT INTO before_erasure SELECT id, fingerprint FROM messages WHERE sender_id = NEW.user_id; RETURN NEW; END \$\$;
             CREATE TRIGGER note BEFORE INSERT ON erasure_jobs FOR EACH ROW EXECUTE FUNCTION public.note()" >/dev/null
  proof_load erase --mark "$MARK" --others-mark "$OTHERS_MARK" "$@" --api "$(proof_api api-1)" >"$PROOF_PLACE/erase.txt" &
  load=$!
  kill_worker "$load" || code=1
  wait "$load" || code=1
  cat "$PROOF_PLACE/erase.txt"
  add_transactions
  proof_figure "transactions of the worker" "$ALL"
  proof_figure "of them within 20 ms, locks to commit" "$SHORTER"
  proof_figure "of them within 100 ms" "$SHORT"
  marks=$(rows_with "$MARK") others=$(rows_with "$OTHERS_MARK") keys=$(keys_with "$MARK")
  prints=$(fingerprints_left) lines=$(log_lines_with "$MARK")
  finds_keys "$OTHERS_MARK" || { proof_figure "the search of Redis" "finds nothing"; code=1; }
  proof_figure "rows with anything of the person" "$marks"
  proof_figure "keys of Redis with anything of the person" "$keys"
  proof_figure "lines of the logs with anything of the person" "$lines"
  proof_figure "fingerprints of what they wrote" "$prints"
  proof_figure "rows of the others, as the search finds them" "$others"
  if ((ALL == 0 || SHORT < ALL || marks > 0 || keys > 0 || prints > 0 || lines > 0 || others == 0)); then code=1; fi
  proof_verdict "$code" "nothing of the person is left, the others' is, and no channel was held for 100 ms"
}

main "$@"
