# shellcheck shell=bash
# A private Redis: loopback only, nothing on disk (what it holds is made anew by the services).

# Starts a place's Redis, if it does not run on that port with that password: start_redis PLACE PORT [PASSWORD]
start_redis() {
  local place=$1 port=$2 password=${3:-} pid_file=$1/pid/redis.pid log=$1/log/redis.log what
  what="port $port, password $(sha256sum <<<"$password" | cut -c1-12)"
  if runs_as "$pid_file" "$what"; then return 0; fi
  stop_redis "$place"
  require_free_port "$port" DISCUSS_REDIS_PORT
  write_redis_settings "$place/redis" "$port" "$password"
  start_daemon "$pid_file" "$log" redis-server "$place/redis/redis.conf"
  remember_what_runs "$pid_file" "$what"
  wait_until 20 "$pid_file" "$log" Redis redis_answers "$port" "$password"
}

# Whether Redis answers on a port.
redis_answers() {
  [[ $(REDISCLI_AUTH=$2 redis-cli -h 127.0.0.1 -p "$1" ping 2>/dev/null) == PONG ]]
}

# A file, because arguments can be read by everybody.
write_redis_settings() {
  local folder=$1 port=$2 password=$3
  mkdir -p "$folder"
  chmod 700 "$folder"
  {
    echo "bind 127.0.0.1"
    echo "port $port"
    echo "dir $folder"
    echo 'save ""'
    echo "appendonly no"
    if [[ -n $password ]]; then echo "requirepass $password"; fi
  } >"$folder/redis.conf"
}

# Stops a place's Redis.
stop_redis() {
  stop_daemon "$1/pid/redis.pid" TERM 20
}
