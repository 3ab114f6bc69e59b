# shellcheck shell=bash
# A private PostgreSQL: loopback only, passwords only (SCRAM), its data in a place of this project.
#
# A "place" is a folder such as .local or .local/test; each server keeps its data, its log and its pid
# file in it. PostgreSQL does not run as root: there it runs as the user postgres.

# The folder of the newest PostgreSQL programs, 15 or newer.
postgres_programs() {
  local folder
  folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [[ -x $folder/postgres ]] && (($(basename "$(dirname "$folder")") >= 15)) && printf '%s' "$folder"
}

# Runs a command as the user that PostgreSQL runs as, in a folder that this user may enter.
as_postgres() {
  if ((EUID == 0)); then
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
  else
    "$@"
  fi
}

# Where PostgreSQL's data of a place are: in the place, or, where the user postgres can't enter that
# (as under /root), in a folder named after the project's path.
postgres_folder() {
  local place=$1 mark
  mkdir -p "$place"
  if ((EUID != 0)) || as_postgres test -x "$place"; then
    printf '%s/postgres' "$place"
    return 0
  fi
  mark=$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)
  printf '/var/lib/discuss-%s%s/postgres' "$mark" "${place#"$ROOT/.local"}"
}

# Starts a place's PostgreSQL, if it does not run on that port: start_postgres PLACE PORT FSYNC PASSWORD
# FSYNC is on or off (off for tests: a crash of the machine may lose data, a crash of PostgreSQL not).
# PASSWORD is the superuser's, who is called postgres.
start_postgres() {
  local place=$1 port=$2 fsync=$3 password=$4 folder pid_file=$1/pid/postgres.pid log=$1/log/postgres.log
  local command=()
  if runs_as "$pid_file" "port $port"; then return 0; fi
  stop_postgres "$place"
  require_free_port "$port" DISCUSS_PG_PORT
  folder=$(postgres_folder "$place")
  if [[ $folder != "$place"/* ]]; then
    say "The user postgres can't enter $place; PostgreSQL's data are in $folder"
  fi
  make_cluster "$folder" "$password" "$fsync" || return 1
  if ((EUID == 0)); then command=(setpriv --reuid=postgres --regid=postgres --init-groups --); fi
  command+=("$(postgres_programs)/postgres" -D "$folder/data" -c port="$port" -c fsync="$fsync" -c full_page_writes="$fsync")
  start_daemon "$pid_file" "$log" "${command[@]}" "${POSTGRES_SETTINGS[@]}"
  remember_what_runs "$pid_file" "port $port"
  wait_until 60 "$pid_file" "$log" PostgreSQL "$(postgres_programs)/pg_isready" -q -h 127.0.0.1 -p "$port"
}

# What every private PostgreSQL runs with. synchronous_commit stays as it is, also in tests: code that
# sets it must meet the same default everywhere.
POSTGRES_SETTINGS=(
  -c listen_addresses=127.0.0.1
  -c unix_socket_directories=
  -c max_connections=300
  -c shared_buffers=256MB
  -c max_wal_size=2GB
  -c shared_preload_libraries=pg_stat_statements
  -c pg_stat_statements.track_utility=on
  -c timezone=UTC
  -c log_timezone=UTC
)

# Makes the data folder, or sets the superuser's password anew if .env was made anew since.
make_cluster() {
  local folder=$1 password=$2 fsync=$3 secret=$1/password options=()
  install_private_folder "$folder"
  if as_postgres test -e "$folder/data/PG_VERSION"; then
    if [[ $(as_postgres cat "$secret") == "$password" ]]; then return 0; fi
    as_postgres "$(postgres_programs)/postgres" --single -D "$folder/data" postgres \
      <<<"ALTER ROLE postgres PASSWORD '$password'" >/dev/null
    write_password "$secret" "$password"
    return 0
  fi
  write_password "$secret" "$password"
  if [[ $fsync == off ]]; then options+=(--no-sync); fi
  as_postgres "$(postgres_programs)/initdb" -D "$folder/data" -U postgres --pwfile="$secret" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-instructions "${options[@]}" >/dev/null
}

# A folder that only the user of PostgreSQL may enter.
install_private_folder() {
  mkdir -p "$1"
  if ((EUID == 0)); then chown postgres:postgres "$1"; fi
  chmod 700 "$1"
}

# Keeps the superuser's password beside the data, readable by PostgreSQL's user only.
write_password() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  as_postgres sh -c 'umask 077 && cat >"$1"' sh "$1" <<<"$2"
}

# Stops a place's PostgreSQL; SIGINT lets it finish cleanly without waiting for its clients.
stop_postgres() {
  stop_daemon "$1/pid/postgres.pid" INT 60
}

# Removes a place's data of PostgreSQL, wherever they are.
remove_postgres() {
  local folder
  folder=$(postgres_folder "$1") || return 1
  rm -rf "$folder"
  # Outside the project no empty folders are left behind.
  if [[ $folder != "$ROOT"/* ]]; then
    rmdir --ignore-fail-on-non-empty --parents "$(dirname "$folder")" 2>/dev/null || true
  fi
}

# Runs SQL as the superuser: postgres_sql PORT PASSWORD DATABASE SQL
postgres_sql() {
  PGPASSWORD=$2 "$(postgres_programs)/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$1" -U postgres -d "$3" -c "$4"
}

# Makes a role with a database of its own, or sets its password: make_database PORT PASSWORD ROLE ROLE_PASSWORD DATABASE
# The role is no superuser; it may read pg_stat_statements, which is made here because only a superuser can.
make_database() {
  local port=$1 password=$2 role=$3 role_password=$4 database=$5
  if [[ -z $(postgres_sql "$port" "$password" postgres "SELECT 1 FROM pg_roles WHERE rolname = '$role'") ]]; then
    postgres_sql "$port" "$password" postgres "CREATE ROLE \"$role\" LOGIN IN ROLE pg_read_all_stats"
  fi
  postgres_sql "$port" "$password" postgres "ALTER ROLE \"$role\" PASSWORD '$role_password'"
  if [[ -z $(postgres_sql "$port" "$password" postgres "SELECT 1 FROM pg_database WHERE datname = '$database'") ]]; then
    postgres_sql "$port" "$password" postgres "CREATE DATABASE \"$database\" OWNER \"$role\""
  fi
  postgres_sql "$port" "$password" "$database" "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
}
