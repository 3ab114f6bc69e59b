# shellcheck shell=bash
# The settings of `up`: .env, made once from .env.example with random secrets; the environment wins over it.

ENV_FILE=$ROOT/.env
ENV_EXAMPLE=$ROOT/.env.example

# The variables that get a random value when .env is made.
SECRETS=(JWT_SECRET DB_PASSWORD REDIS_PASSWORD DISCUSS_PG_ADMIN_PASSWORD)

# 64 hexadecimal digits.
random_secret() {
  openssl rand -hex 32
}

# Makes .env, readable by its owner only, unless it is there.
make_env() {
  local line name
  if [[ -e $ENV_FILE ]]; then return 0; fi
  say "Making .env with random secrets"
  (umask 077 && : >"$ENV_FILE.part")
  while IFS= read -r line; do
    name=${line%%=*}
    if [[ " ${SECRETS[*]} " == *" $name "* ]]; then line=$name=$(random_secret); fi
    printf '%s\n' "$line"
  done <"$ENV_EXAMPLE" >"$ENV_FILE.part"
  mv "$ENV_FILE.part" "$ENV_FILE"
}

# Exports the variables of a file of NAME=VALUE lines that the environment does not set already.
# The file is read, not executed; values are taken as they are.
load_env() {
  local line name
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] || die "$1: this line is not NAME=VALUE: $line"
    name=${line%%=*}
    if [[ -z ${!name+set} ]]; then export "$name=${line#*=}"; fi
  done <"$1"
}

# The settings of `up`: .env, then what .env (perhaps an older one) leaves out, then a look at their form.
load_settings() {
  load_env "$ENV_FILE"
  : "${DISCUSS_PG_PORT:=15432}" "${DISCUSS_REDIS_PORT:=16379}" "${DISCUSS_KAFKA_PORT:=19092}"
  : "${DISCUSS_KAFKA_CONTROLLER_PORT:=19093}" "${DB_USER:=discuss}" "${DB_NAME:=discuss}"
  export RATE_LIMIT_SENDS="${RATE_LIMIT_SENDS-600}"
  local name
  for name in DB_USER DB_NAME "${SECRETS[@]}"; do
    [[ ${!name:-} =~ ^[A-Za-z0-9_-]+$ ]] || die ".env: $name must be set, to letters, digits, _ and - only"
  done
}

# Every variable that .env.example speaks of, set there or commented out.
known_variables() {
  sed -n 's/^#\{0,1\} \{0,1\}\([A-Z][A-Z0-9_]*\)=.*/\1/p' "$ENV_EXAMPLE" | sort -u
}

# A checksum of all known variables as they are now.
settings_checksum() {
  local name
  for name in $(known_variables); do
    if [[ -n ${!name+set} ]]; then printf '%s=%s\n' "$name" "${!name}"; fi
  done | sha256sum | cut -d' ' -f1
}
