# shellcheck shell=bash
# Processes in the background: started apart from the terminal, known by a pid file, stopped by pid.
#
# A pid file holds the pid, and in a second line "start-time boot-id", so that a number that was given to
# another program meanwhile (or before a reboot) is never taken for ours.

# "start-time boot-id" of a living process; fails if there is none (a zombie is none).
process_identity() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  # The name in field 2 may hold anything, so count behind its closing parenthesis: state is field 3.
  read -ra fields <<<"${stat##*) }"
  # Field 20 counts threads: a first thread that is dead may leave others that still hold ports.
  if [[ ${fields[0]} == [ZX] ]] && ((fields[17] <= 1)); then return 1; fi
  printf '%s %s' "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# The pid in a pid file, if that very process still runs.
running_pid() {
  local pid identity
  { read -r pid && read -r identity; } 2>/dev/null <"$1" || return 1
  [[ $(process_identity "$pid") == "$identity" ]] || return 1
  printf '%s' "$pid"
}

# Whether the process of a pid file runs, and as what `remember_what_runs` noted: runs_as PIDFILE WHAT
runs_as() {
  running_pid "$1" >/dev/null && [[ -e ${1%.pid}.as && $(<"${1%.pid}.as") == "$2" ]]
}

# Notes as what the process of a pid file runs (its port, its settings, its binary's checksum), so that a
# later start can tell whether something changed: remember_what_runs PIDFILE WHAT
remember_what_runs() {
  printf '%s\n' "$2" >"${1%.pid}.as"
}

# Starts a program in the background: start_daemon PIDFILE LOGFILE COMMAND...
# It gets a session of its own, and none of the locks that the scripts hold on descriptors 8 and 9.
start_daemon() {
  local pid_file=$1 log_file=$2 pid
  shift 2
  mkdir -p "$(dirname "$pid_file")" "$(dirname "$log_file")"
  (cd / && exec setsid "$@") </dev/null >>"$log_file" 2>&1 8>&- 9>&- &
  pid=$!
  disown "$pid"
  printf '%s\n%s\n' "$pid" "$(process_identity "$pid")" >"$pid_file"
}

# Stops the process of a pid file: stop_daemon PIDFILE SIGNAL SECONDS; after SECONDS it is killed.
# Nothing running is fine.
stop_daemon() {
  local pid_file=$1 signal=$2 seconds=$3 pid deadline
  if pid=$(running_pid "$pid_file"); then
    deadline=$((SECONDS + seconds))
    kill -s "$signal" "$pid" 2>/dev/null || true
    while running_pid "$pid_file" >/dev/null; do
      if ((SECONDS >= deadline)); then
        say "$(basename "$pid_file" .pid) (pid $pid) did not end in $seconds s; killing it"
        kill -s KILL "$pid" 2>/dev/null || true
        deadline=$((SECONDS + 5))
      fi
      sleep 0.05
    done
  fi
  rm -f "$pid_file" "${pid_file%.pid}.as"
}

# Waits until a check succeeds while a daemon lives:
# wait_until SECONDS PIDFILE LOGFILE NAME COMMAND...
# If time runs out or the daemon dies, shows the end of its log and fails.
wait_until() {
  local seconds=$1 pid_file=$2 log_file=$3 name=$4 deadline
  shift 4
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if ! running_pid "$pid_file" >/dev/null; then
      show_log_end "$log_file" "$name ended while starting"
      return 1
    fi
    if ((SECONDS >= deadline)); then
      show_log_end "$log_file" "$name was not ready within $seconds s"
      return 1
    fi
    sleep 0.1
  done
}

# The last lines of a log, under a line that says what happened.
show_log_end() {
  {
    printf '\n%s; the end of %s:\n' "$2" "$1"
    tail -n 20 "$1" 2>/dev/null | sed 's/^/  | /'
  } >&2
}
