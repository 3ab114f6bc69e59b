# shellcheck shell=bash
# All servers of a place, and the variables by which the services find them.

# Starts servers of `up` in .local, on the ports of .env, unless a variable points to another server.
# Sets DATABASE_URL, REDIS_URL and KAFKA_BROKERS.
start_servers_of_up() {
  if [[ -z ${DATABASE_URL:-} ]]; then
    part "PostgreSQL on port $DISCUSS_PG_PORT" start_postgres "$LOCAL" "$DISCUSS_PG_PORT" on "$DISCUSS_PG_ADMIN_PASSWORD"
    make_database "$DISCUSS_PG_PORT" "$DISCUSS_PG_ADMIN_PASSWORD" "$DB_USER" "$DB_PASSWORD" "$DB_NAME"
  else
    say "PostgreSQL: the one of DATABASE_URL"
  fi
  if [[ -z ${REDIS_URL:-} ]]; then
    part "Redis on port $DISCUSS_REDIS_PORT" start_redis "$LOCAL" "$DISCUSS_REDIS_PORT" "$REDIS_PASSWORD"
  else
    say "Redis: the one of REDIS_URL"
  fi
  if [[ -z ${KAFKA_BROKERS:-} ]]; then
    part "Kafka on port $DISCUSS_KAFKA_PORT" start_kafka "$LOCAL" "$DISCUSS_KAFKA_PORT" "$DISCUSS_KAFKA_CONTROLLER_PORT"
  else
    say "Kafka: the one of KAFKA_BROKERS"
  fi
  point_to_servers_of_up
}

# Sets DATABASE_URL, REDIS_URL and KAFKA_BROKERS to the servers of `up`, unless they point to others.
point_to_servers_of_up() {
  : "${DATABASE_URL:=postgres://$DB_USER:$DB_PASSWORD@127.0.0.1:$DISCUSS_PG_PORT/$DB_NAME}"
  : "${REDIS_URL:=redis://:$REDIS_PASSWORD@127.0.0.1:$DISCUSS_REDIS_PORT/0}"
  : "${KAFKA_BROKERS:=127.0.0.1:$DISCUSS_KAFKA_PORT}"
  export DATABASE_URL REDIS_URL KAFKA_BROKERS
}

# Starts new, empty servers in a place on free ports, unless a variable points to another server:
# start_fresh_servers PLACE FSYNC SERVER...   with SERVER postgres, redis or kafka.
# Sets DATABASE_URL (a superuser's), REDIS_URL and KAFKA_BROKERS.
start_fresh_servers() {
  local place=$1 fsync=$2 server
  shift 2
  for server in "$@"; do
    "start_fresh_$server" "$place" "$fsync" || return 1
  done
}

start_fresh_postgres() {
  local port password
  if [[ -n ${DATABASE_URL:-} ]]; then return 0; fi
  port=$(free_port)
  password=$(random_secret)
  start_postgres "$1" "$port" "$2" "$password" || return 1
  export DATABASE_URL="postgres://postgres:$password@127.0.0.1:$port/postgres"
}

start_fresh_redis() {
  local port
  if [[ -n ${REDIS_URL:-} ]]; then return 0; fi
  port=$(free_port)
  start_redis "$1" "$port" || return 1
  export REDIS_URL="redis://127.0.0.1:$port/0"
}

start_fresh_kafka() {
  local port controller_port
  if [[ -n ${KAFKA_BROKERS:-} ]]; then return 0; fi
  port=$(free_port)
  controller_port=$(free_port)
  start_kafka "$1" "$port" "$controller_port" || return 1
  export KAFKA_BROKERS="127.0.0.1:$port"
}

# Stops the servers of a place, those that run.
stop_servers() {
  stop_kafka "$1"
  stop_redis "$1"
  stop_postgres "$1"
}

# Removes what the servers of a place stored, but not their logs. They must have been stopped.
remove_data() {
  remove_postgres "$1"
  rm -rf "$1/redis" "$1/kafka"
}
