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
# ADMIN_VARIABLE, ADMIN_PORT, with the ports as the environment has them.
read_service() {
  local port admin_port
  IFS='|' read -r SERVICE PORT_VARIABLE port ADMIN_VARIABLE admin_port <<<"$1"
  PORT=""
  if [[ -n $PORT_VARIABLE ]]; then PORT=${!PORT_VARIABLE:-$port}; fi
  ADMIN_PORT=${!ADMIN_VARIABLE:-$admin_port}
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

# Starts the services of `up` that do not run, and again those whose binary or settings changed.
start_services_of_up() {
  local line what pid_file
  raise_file_limit
  for line in "${SERVICES[@]}"; do
    read_service "$line"
    pid_file=$LOCAL/pid/$SERVICE.pid
    what="$(sha256sum <"$(binary_of "$SERVICE" release)") $(settings_checksum)"
    if runs_as "$pid_file" "$what"; then
      say "$SERVICE runs already, unchanged"
      continue
    fi
    stop_service "$SERVICE"
    if [[ -n $PORT ]]; then require_free_port "$PORT" "$PORT_VARIABLE"; fi
    require_free_port "$ADMIN_PORT" "$ADMIN_VARIABLE"
    say "Starting $SERVICE"
    start_daemon "$pid_file" "$LOCAL/log/$SERVICE.log" \
      env --unset=DISCUSS_PG_ADMIN_PASSWORD "$(binary_of "$SERVICE" release)"
    remember_what_runs "$pid_file" "$what"
  done
}

# Waits until every service of `up` says that it is ready.
await_services_of_up() {
  local line
  for line in "${SERVICES[@]}"; do
    read_service "$line"
    wait_until 60 "$LOCAL/pid/$SERVICE.pid" "$LOCAL/log/$SERVICE.log" "$SERVICE" \
      curl -fsS -m 2 "http://127.0.0.1:$ADMIN_PORT/health/ready" || return 1
  done
}

# Stops a service of `up`; it has the time to drain that it asks for by default, and some more.
stop_service() {
  stop_daemon "$LOCAL/pid/$1.pid" TERM 30
}
