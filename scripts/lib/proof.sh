# shellcheck shell=bash
# What proofs and benches stand on: servers and services of their own, which they may kill.
#
# A proof is an executable scripts/proofs/NAME.sh whose second line is `# ` and one sentence that says what
# it proves, and whose third is `# takes: ` and how long. It looks like this:
#
#   source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"
#   proof_begin order                      # builds, takes .local/proof/order, cleans up when the script ends
#   proof_servers postgres redis           # new and empty, on free ports, fsync on; a migrated database
#   proof_service api-1 discuss-api LOG_LEVEL=warn     # an instance under a name, with settings of its own
#   proof_service gw discuss-gateway
#   proof_load replay --limit 5000 --pids "$(proof_pids)" \
#     --api "$(proof_api api-1)" --gateway "$(proof_gateway gw)"    # discuss-load, release build
#   proof_kill gw; proof_start_again gw    # kill -9; again on the same ports. So too: postgres, redis, kafka
#   proof_figure "lost messages" 0
#   proof_verdict "$code" "0 of 120,000 messages lost"      # the last line; exits 0 if code is 0, else 1
#
# Set for services and for the proof itself: DATABASE_URL (the role that owns the database), REDIS_URL,
# KAFKA_BROKERS, JWT_SECRET, SERVER_HOST. Only for the proof: PROOF_PLACE, PROOF_ADMIN_URL (PostgreSQL's
# superuser). Every service gets the settings in PROOF_SETTINGS; the limits per person and tenant, which would
# bound the load generator instead of the system, are off there.

# What all services of proofs run with.
PROOF_SETTINGS=(SERVER_HOST=127.0.0.1 LOG_LEVEL=info RATE_LIMIT_SENDS=0 RATE_LIMIT_READS=0 RATE_LIMIT_SEARCHES=0
  RATE_LIMIT_UPLOADS=0 RATE_LIMIT_TENANT=0 RATE_LIMIT_FRAMES=0)

# The command of each instance: proof_start_again needs it. The start of its present log: proof_listen does.
declare -A PROOF_COMMANDS=() PROOF_LOG_STARTS=()

# Begins a proof: builds the release, takes .local/proof/NAME for itself, and cleans up at the end.
proof_begin() {
  PROOF_NAME=$1
  PROOF_PLACE=$LOCAL/proof/$1
  install_missing_packages
  require_rust
  cd "$ROOT" || exit 1
  mkdir -p "$PROOF_PLACE"
  exec 8>"$PROOF_PLACE.lock"
  flock -n 8 || die "another run of the proof $1 is at work in this folder"
  unset DATABASE_URL REDIS_URL KAFKA_BROKERS
  proof_end
  rm -rf "$PROOF_PLACE/log"
  mkdir -p "$PROOF_PLACE/log"
  trap proof_end EXIT
  trap 'exit 130' INT TERM
  JWT_SECRET=$(random_secret)
  export JWT_SECRET
  raise_file_limit
  say "$1: building (release)"
  cargo build --quiet --release --workspace --bins || die "the build failed"
}

# Stops everything the proof started and removes what it stored; the logs stay.
proof_end() {
  local pid_file
  for pid_file in "$PROOF_PLACE"/pid/*.pid; do
    case $(basename "$pid_file") in
      postgres.pid | redis.pid | kafka.pid | '*.pid') ;;
      *) stop_daemon "$pid_file" KILL 5 ;;
    esac
  done
  stop_servers "$PROOF_PLACE"
  remove_data "$PROOF_PLACE"
}

# Starts servers of the proof's own: proof_servers postgres redis [kafka]. With postgres comes a database
# that is migrated and that belongs to a role without special rights, as in production.
proof_servers() {
  local secret
  say "Starting $*, new and empty"
  start_fresh_servers "$PROOF_PLACE" on "$@" || die "the servers did not start"
  if [[ " $* " != *" postgres "* ]]; then return 0; fi
  PROOF_ADMIN_URL=$DATABASE_URL
  [[ $PROOF_ADMIN_URL =~ ^postgres://postgres:(.*)@127.0.0.1:([0-9]+)/ ]] || die "an odd URL: $PROOF_ADMIN_URL"
  PROOF_PG_PASSWORD=${BASH_REMATCH[1]}
  PROOF_PG_PORT=${BASH_REMATCH[2]}
  secret=$(random_secret)
  make_database "$PROOF_PG_PORT" "$PROOF_PG_PASSWORD" discuss "$secret" discuss
  export DATABASE_URL="postgres://discuss:$secret@127.0.0.1:$PROOF_PG_PORT/discuss"
  "$(binary_of discuss-api release)" migrate >>"$PROOF_PLACE/log/migrate.log" 2>&1 ||
    { show_log_end "$PROOF_PLACE/log/migrate.log" "the migration failed"; exit 1; }
}

# Runs SQL in the proof's database as the superuser, unaligned, without headings: proof_sql SQL
proof_sql() {
  postgres_sql "$PROOF_PG_PORT" "$PROOF_PG_PASSWORD" discuss "$1"
}

# Prints what PostgreSQL was asked that took it longest: proof_statements HOW_MANY
proof_statements() {
  say "What took PostgreSQL longest: ms in all, calls, ms each, statement"
  proof_sql "SELECT concat_ws(' ', round(total_exec_time), calls, round(mean_exec_time::numeric, 2), left(regexp_replace(query, '\s+', ' ', 'g'), 120))
               FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
              WHERE d.datname = 'discuss' ORDER BY total_exec_time DESC LIMIT $1"
}

# Starts an instance of a service under a name: proof_service INSTANCE SERVICE [VARIABLE=VALUE...]
# Its ports are chosen here and stay the same over proof_start_again.
proof_service() {
  local instance=$1 service=$2 line settings=()
  shift 2
  for line in "${SERVICES[@]}"; do
    if [[ ${line%%|*} == "$service" ]]; then read_service "$line"; fi
  done
  if [[ -n $PORT_VARIABLE ]]; then settings+=("$PORT_VARIABLE=$(free_port)"); fi
  settings+=("$ADMIN_VARIABLE=$(free_port)")
  PROOF_COMMANDS[$instance]=$(printf '%q ' env "${PROOF_SETTINGS[@]}" "${settings[@]}" "$@" "$(binary_of "$service" release)")
  proof_start_again "$instance"
}

# Starts an instance or a server that was stopped or killed, on the same ports, and waits until it is ready.
proof_start_again() {
  local instance=$1 pid_file=$PROOF_PLACE/pid/$1.pid log=$PROOF_PLACE/log/$1.log command
  case $instance in
    postgres | redis | kafka) proof_restart_server "$instance"; return ;;
  esac
  touch "$log"
  PROOF_LOG_STARTS[$instance]=$(($(stat -c %s "$log") + 1))
  eval "command=(${PROOF_COMMANDS[$instance]})"
  start_daemon "$pid_file" "$log" "${command[@]}"
  wait_until 60 "$pid_file" "$log" "$instance" proof_ready_line "$instance" || exit 1
}

# The servers again, on the ports and with the data they had. After a kill -9, PostgreSQL refuses to start
# until the last of its old processes has noticed.
proof_restart_server() {
  local tries=0 port=${REDIS_URL##*:} ports
  case $1 in
    postgres)
      until (start_postgres "$PROOF_PLACE" "$PROOF_PG_PORT" on "$PROOF_PG_PASSWORD" 2>"$PROOF_PLACE/log/restart.log"); do
        ((++tries < 20)) || { cat "$PROOF_PLACE/log/restart.log" >&2; die "PostgreSQL did not start again"; }
        sleep 0.2
      done ;;
    redis) start_redis "$PROOF_PLACE" "${port%%/*}" || exit 1 ;;
    kafka)
      ports=$(sed -n 's/^listeners=.*:\([0-9]*\),CONTROLLER:.*:\([0-9]*\)$/\1 \2/p' "$PROOF_PLACE/kafka/server.properties")
      start_kafka "$PROOF_PLACE" "${ports% *}" "${ports#* }" || exit 1 ;;
  esac
}

# The line in which the present run of an instance says that it is ready.
proof_ready_line() {
  tail -c "+${PROOF_LOG_STARTS[$1]}" "$PROOF_PLACE/log/$1.log" | grep -m 1 '"message":"ready"'
}

# Where an instance listens, as host:port.
proof_listen() {
  proof_ready_line "$1" | jq -r .listen
}

# The base URL of an instance of discuss-api.
proof_api() {
  printf 'http://%s/discuss/api/v1' "$(proof_listen "$1")"
}

# The WebSocket URL of an instance of discuss-gateway.
proof_gateway() {
  printf 'ws://%s/ws/discuss' "$(proof_listen "$1")"
}

# Where an instance's health and metrics are, as host:port.
proof_admin() {
  proof_ready_line "$1" | jq -r .admin
}

# The pid of an instance or a server; fails if it does not run.
proof_pid() {
  running_pid "$PROOF_PLACE/pid/$1.pid"
}

# Everything that runs, as discuss-load's --pids takes it: name=PIDFILE,...
proof_pids() {
  local file list=()
  for file in "$PROOF_PLACE"/pid/*.pid; do list+=("$(basename "$file" .pid)=$file"); done
  (IFS=, && printf '%s' "${list[*]}")
}

# Sends a signal to an instance or a server (KILL unless another is named) and waits until it is gone:
# proof_kill INSTANCE [SIGNAL]
proof_kill() {
  stop_daemon "$PROOF_PLACE/pid/$1.pid" "${2:-KILL}" 60
}

# discuss-load of the release build; JWT_SECRET is in its environment.
proof_load() {
  local what="$*"
  # Where the servers are is left out.
  say "discuss-load ${what%%--api*}"
  "$(binary_of discuss-load release)" "$@"
}

# discuss-proofs of the release build, on the proof's servers; it has the run of the database as its owner.
proof_inside() {
  say "discuss-proofs $*"
  "$(binary_of discuss-proofs release)" "$@"
}

# Prints a figure: proof_figure NAME VALUE [UNIT]
proof_figure() {
  printf '%-44s %14s %s\n' "$1" "$2" "${3:-}"
}

# Ends a proof: proof_verdict CODE SENTENCE; it holds if CODE is 0. The line is the last one.
proof_verdict() {
  trap - EXIT
  if [[ -n ${PROOF_PLACE:-} ]]; then proof_end; fi
  if (($1 == 0)); then
    printf '%s holds: %s\n' "${PROOF_NAME:-it}" "$2"
    exit 0
  fi
  printf '%s DOES NOT HOLD: %s\n' "${PROOF_NAME:-it}" "$2"
  exit 1
}
