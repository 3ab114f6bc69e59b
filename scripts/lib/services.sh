# shellcheck shell=bash
# Our own processes.

# The services in the order they start: "name|variable of its port|its default|variable of its admin port|its default".
# The one list: `up`, `down` and `logs` go by it.
SERVICES=(
  "discuss-api|SERVER_PORT|8092|API_ADMIN_PORT|9192"
  "discuss-gateway|GATEWAY_PORT|8094|GATEWAY_ADMIN_PORT|9194"
  "discuss-consumer|||CONSUMER_ADMIN_PORT|9195"
  "discuss-worker|||WORKER_ADMIN_PORT|9196"
)

# A service's names and ports: splits a line of SERVICES into SERVICE, PORT_VARIABLE, PORT,
# ADMIN_VARIABLE, ADMIN_PORT, with the ports as the environment has them, and names the INSTANCE.
# The second instance of a service listens 100 ports further on, and so forth: read_service LINE [NUMBER]
read_service() {
  local port admin_port number=${2:-1}
  IFS='|' read -r SERVICE PORT_VARIABLE port ADMIN_VARIABLE admin_port <<<"$1"
  INSTANCE=$SERVICE
  if ((number > 1)); then INSTANCE=$SERVICE-$number; fi
  PORT=""
  if [[ -n $PORT_VARIABLE ]]; then PORT=$((${!PORT_VARIABLE:-$port} + 100 * (number - 1))); fi
  ADMIN_PORT=$((${!ADMIN_VARIABLE:-$admin_port} + 100 * (number - 1)))
}

# The names of all services.
service_names() {
  printf '%s\n' "${SERVICES[@]%%|*}"
}

# A service's binary, in the folder of a build (debug or release).
binary_of() {
  printf '%s/%s/%s' "${CARGO_TARGET_DIR:-$ROOT/target}" "$2" "$1"
}

# The soft limit of open files becomes the hard one: a gateway holds one file a socket.
raise_file_limit() {
  ulimit -S -n hard 2>/dev/null || ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
}

# Starts the services of `up` that do not run, so many instances of each, and again those whose binary or
# settings changed; instances beyond that number are stopped: start_services_of_up [INSTANCES]
start_services_of_up() {
  local line number
  raise_file_limit
  stop_surplus_instances "${1:-1}"
  for line in "${SERVICES[@]}"; do
    for ((number = 1; number <= ${1:-1}; number++)); do
      read_service "$line" "$number"
      start_instance_of_up
    done
  done
}

# Dies if a port that `up` needs is held by somebody else: at once, and not after the build.
# require_free_ports_of_up [INSTANCES]
require_free_ports_of_up() {
  local line number
  for line in "${SERVICES[@]}"; do
    for ((number = 1; number <= ${1:-1}; number++)); do
      read_service "$line" "$number"
      if [[ -n $PORT ]]; then require_free_port_unless_ours "$INSTANCE" "$PORT" "$PORT_VARIABLE"; fi
      require_free_port_unless_ours "$INSTANCE" "$ADMIN_PORT" "$ADMIN_VARIABLE"
    done
  done
  if [[ -z ${DATABASE_URL:-} ]]; then require_free_port_unless_ours postgres "$DISCUSS_PG_PORT" DISCUSS_PG_PORT; fi
  if [[ -z ${REDIS_URL:-} ]]; then require_free_port_unless_ours redis "$DISCUSS_REDIS_PORT" DISCUSS_REDIS_PORT; fi
  if [[ -z ${KAFKA_BROKERS:-} ]]; then
    require_free_port_unless_ours kafka "$DISCUSS_KAFKA_PORT" DISCUSS_KAFKA_PORT
    require_free_port_unless_ours kafka "$DISCUSS_KAFKA_CONTROLLER_PORT" DISCUSS_KAFKA_CONTROLLER_PORT
  fi
}

# A process of `up` holds its own ports: require_free_port_unless_ours INSTANCE PORT VARIABLE
require_free_port_unless_ours() {
  if ! running_pid "$LOCAL/pid/$1.pid" >/dev/null; then require_free_port "$2" "$3"; fi
}

# Loads the settings of `up`; dies unless its API and gateway are ready.
require_up() {
  local line
  if [[ ! -e $ENV_FILE ]]; then die "nothing was started here yet: run ./scripts/up first"; fi
  load_settings
  for line in "${SERVICES[@]:0:2}"; do
    read_service "$line"
    curl -fs -m 5 -o /dev/null "http://127.0.0.1:$ADMIN_PORT/health/ready" ||
      die "$SERVICE does not run, or is not ready: run ./scripts/up first"
  done
}

# Starts what read_service read last.
start_instance_of_up() {
  local pid_file=$LOCAL/pid/$INSTANCE.pid what ports=("$ADMIN_VARIABLE=$ADMIN_PORT")
  what="$(sha256sum <"$(binary_of "$SERVICE" release)") $(settings_checksum)"
  if runs_as "$pid_file" "$what"; then
    say "$INSTANCE runs already, unchanged"
    return
  fi
  stop_service "$INSTANCE"
  if [[ -n $PORT ]]; then
    require_free_port "$PORT" "$PORT_VARIABLE"
    ports+=("$PORT_VARIABLE=$PORT")
  fi
  require_free_port "$ADMIN_PORT" "$ADMIN_VARIABLE"
  say "Starting $INSTANCE"
  start_daemon "$pid_file" "$LOCAL/log/$INSTANCE.log" \
    env --unset=DISCUSS_PG_ADMIN_PASSWORD "${ports[@]}" "$(binary_of "$SERVICE" release)"
  remember_what_runs "$pid_file" "$what"
}

# Waits until every instance of every service of `up` says that it is ready: await_services_of_up [INSTANCES]
await_services_of_up() {
  local line number
  for line in "${SERVICES[@]}"; do
    for ((number = 1; number <= ${1:-1}; number++)); do
      read_service "$line" "$number"
      wait_until 60 "$LOCAL/pid/$INSTANCE.pid" "$LOCAL/log/$INSTANCE.log" "$INSTANCE" \
        curl -fsS -m 2 "http://127.0.0.1:$ADMIN_PORT/health/ready" || return 1
    done
  done
}

# The instances of `up` that have a pid file, the last service first.
instances_of_up() {
  local index pid_file
  for ((index = ${#SERVICES[@]} - 1; index >= 0; index--)); do
    for pid_file in "$LOCAL/pid/${SERVICES[index]%%|*}"{,-[0-9]*}.pid; do
      if [[ -e $pid_file ]]; then basename "$pid_file" .pid; fi
    done
  done
}

# Stops the instances of `up` whose number is higher: stop_surplus_instances INSTANCES
stop_surplus_instances() {
  local instance number
  for instance in $(instances_of_up); do
    number=${instance##*-}
    if [[ $number =~ ^[0-9]+$ ]] && ((number > $1)); then
      say "Stopping $instance"
      stop_service "$instance"
    fi
  done
}

# Stops an instance of `up`; it has the time to drain that it asks for by default, and some more.
stop_service() {
  stop_daemon "$LOCAL/pid/$1.pid" TERM 30
}
