#!/usr/bin/env bash
# At 1,000 channels of 5,000 messages and a person in 300 of them: a history page in 5 ms and the channel list in 15 ms at the 95th percentile, two statements each, the thousandth page as fast as the first.
# takes: about 8 minutes
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

# The channel with 60,000 messages is the last, their ids come after those of all others.
LONG=/channels/1001/messages
# In this one nearly all messages are replies.
THREADS=/channels/150/messages
# The message of the long one before which its thousandth page of 50 ends.
THOUSANDTH=$((1000 * 5000 + 60000 - 999 * 50 + 1))

# What is read: "name|path|milliseconds at the 95th percentile, at most".
READS=(
  "channel list, 100 of 300|/channels?size=100|15"
  "channel list, the last of 6 pages|/channels?page=5&size=50|15"
  "by cursor, first page|$LONG?limit=50&includeThreads=true|5"
  "by cursor, thousandth page|$LONG?limit=50&includeThreads=true&beforeId=$THOUSANDTH|5"
  "by number, first page|$LONG?page=0&size=50|5"
  "by number, thousandth page|$LONG?page=999&size=50|5"
  "top-level by cursor, first page|$LONG?limit=50|5"
  "top-level by cursor, far back|$LONG?limit=50&beforeId=$THOUSANDTH|5"
  "top-level by number, 800th page|$LONG?page=799&size=50&includeThreads=false|5"
  "around a message|$LONG?limit=50&aroundId=$THOUSANDTH&includeThreads=true|5"
  "top-level where replies dominate|$THREADS?limit=50|5"
  "of 5,000 in an ordinary channel|/channels/7/messages?limit=50|5"
)
# Pages that must cost the same: "first|far"; half as much again is taken for noise.
PAIRS=(
  "by cursor, first page|by cursor, thousandth page"
  "by number, first page|by number, thousandth page"
  "top-level by cursor, first page|top-level by cursor, far back"
  "top-level by cursor, first page|top-level by number, 800th page"
)

# Reads paths in turn, so often each: reads TIMES NAME=PATH...
reads() {
  local times=$1
  shift
  "$(binary_of discuss-load release)" reads --api "$(proof_api api)" --tenant 1 --user 1 --times "$times" "$@"
}

# Statements that the database was asked for so far.
statements() {
  proof_sql "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
              WHERE d.datname = 'discuss' AND query NOT LIKE '%pg_stat_statements%'"
}

# A figure of a read, in milliseconds: figure FILE NAME p50|p95
figure() {
  jq -r --arg name "$2" --arg of "$3" '.[$name][$of] * 100 | round / 100' "$1"
}

# Prints what a read cost; fails if it is too slow or takes more than two statements: judge FILE NAME PATH LIMIT
judge() {
  local name=$2 path=$3 limit=$4 before after p50 p95
  before=$(statements)
  reads 50 "$name=$path" >/dev/null || die "$path can't be read"
  after=$(statements)
  p50=$(figure "$1" "$name" p50)
  p95=$(figure "$1" "$name" p95)
  proof_figure "$name: p50, p95, statements" "$p50 $p95 $(awk -v calls=$((after - before)) 'BEGIN { print calls / 50 }')"
  awk -v p95="$p95" -v limit="$limit" -v calls=$((after - before)) 'BEGIN { exit !(p95 < limit && calls > 0 && calls <= 100) }'
}

# Fails if the far page takes more than one and a half times as long as the first: flat FILE FIRST FAR
flat() {
  local first far
  first=$(figure "$1" "$2" p50)
  far=$(figure "$1" "$3" p50)
  proof_figure "$3 to $2" "$(awk -v far="$far" -v first="$first" 'BEGIN { printf "%.2f", far / first }')"
  awk -v far="$far" -v first="$first" 'BEGIN { exit !(far <= first * 1.5) }'
}

main() {
  local code=0 line name path limit figures arguments=()
  proof_begin read-cost
  figures=$PROOF_PLACE/log/reads.json
  proof_servers postgres redis
  say "Storing 5,060,000 messages"
  proof_inside read-cost
  proof_service api discuss-api
  for line in "${READS[@]}"; do
    IFS='|' read -r name path limit <<<"$line"
    arguments+=("$name=$path")
  done
  say "Reading ${#READS[@]} pages, 300 times each"
  reads 20 "${arguments[@]}" >/dev/null || die "the pages can't be read"
  reads 300 "${arguments[@]}" >"$figures" || die "the pages can't be read"
  for line in "${READS[@]}"; do
    IFS='|' read -r name path limit <<<"$line"
    judge "$figures" "$name" "$path" "$limit" || code=1
  done
  proof_statements 6
  for line in "${PAIRS[@]}"; do
    flat "$figures" "${line%|*}" "${line#*|}" || code=1
  done
  proof_verdict "$code" "history pages in 5 ms and the channel list in 15 ms at the 95th percentile, by two statements at most; the thousandth page costs what the first does"
}

main "$@"
