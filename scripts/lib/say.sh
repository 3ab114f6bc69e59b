# shellcheck shell=bash
# What the scripts say, and how long each part took.

# Says what is being done now.
say() {
  printf '== %s\n' "$*"
}

# Says why it can't go on, and ends the script.
die() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

# Prints the comment that a script begins with: what it does and takes.
print_help() {
  awk 'NR == 1 { next } /^# shellcheck/ { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

# Ends a script that was called wrongly, with its help and exit code 2: misused WHY
misused() {
  printf 'error: %s\n\n' "$1" >&2
  print_help >&2
  exit 2
}

# Ends a script that takes no arguments but was given some.
take_no_arguments() {
  if (($# > 0)); then misused "unknown argument: $1"; fi
}

# Milliseconds, for measuring.
now_ms() {
  date +%s%3N
}

# Seconds since `now_ms` gave $1, with one decimal.
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# The parts so far: "seconds<TAB>outcome<TAB>name" each.
PARTS=()

# Runs a part of the work, remembers how long it took and how it ended, and gives back its exit code:
# part NAME COMMAND...
part() {
  local name=$1 since code=0
  shift
  since=$(now_ms)
  say "$name"
  "$@" || code=$?
  local outcome=ok
  if ((code != 0)); then outcome=FAILED; fi
  PARTS+=("$(seconds_since "$since")"$'\t'"$outcome"$'\t'"$name")
  return "$code"
}

# What each part took.
print_parts() {
  local line seconds outcome name
  printf '\n'
  for line in "${PARTS[@]}"; do
    IFS=$'\t' read -r seconds outcome name <<<"$line"
    printf '%8s s  %-6s  %s\n' "$seconds" "$outcome" "$name"
  done
}
