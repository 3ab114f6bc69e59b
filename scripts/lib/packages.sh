# shellcheck shell=bash
# The Debian packages that the project needs: one list, installed only where something is missing.

# What is needed: "package|command that succeeds when it is there".
PACKAGES=(
  "ca-certificates|test -s /etc/ssl/certs/ca-certificates.crt"
  "curl|command -v curl"
  "git|command -v git"
  "openssl|command -v openssl"
  # Building: the linker, C for mimalloc and aws-lc, and librdkafka.
  "gcc|command -v cc"
  "g++|command -v c++"
  "make|command -v make"
  "zlib1g-dev|test -e /usr/include/zlib.h"
  "libc6-dev|test -e /usr/include/stdio.h"
  # Servers.
  "postgresql|postgres_programs"
  "redis-server|command -v redis-server"
  "redis-tools|command -v redis-cli"
  # Kafka: a Java runtime, and what fetches the jars.
  "openjdk-17-jre-headless|java_is_new_enough"
  "maven|command -v mvn"
  # The scripts: JSON.
  "jq|command -v jq"
  # The tests send signals by the program kill.
  "procps|type -P kill"
)

# Java 17 or newer.
java_is_new_enough() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || return 1
  ((version >= 17))
}

# The packages of the list that are missing.
missing_packages() {
  local entry
  for entry in "${PACKAGES[@]}"; do
    ${entry#*|} >/dev/null 2>&1 || printf '%s\n' "${entry%%|*}"
  done
}

# Runs a command as root.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Installs what is missing; says and does nothing where nothing is.
install_missing_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then return 0; fi
  command -v apt-get >/dev/null || die "these are missing: ${missing[*]}; this is no Debian or Ubuntu, so install them yourself"
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die "these packages are missing: ${missing[*]}; run this as root, or install sudo"
  fi
  say "Installing Debian packages: ${missing[*]}"
  mkdir -p "$LOCAL/log"
  if ! apt_install "${missing[@]}" >"$LOCAL/log/packages.log" 2>&1; then
    show_log_end "$LOCAL/log/packages.log" "apt could not install: ${missing[*]}"
    exit 1
  fi
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} > 0)); then die "still missing after the installation: ${missing[*]}"; fi
  hint_about_boot
}

# Runs apt while Debian is kept from making a database cluster and from starting servers; puts both
# settings back whatever happens. A subshell, so that its trap is its own.
apt_install() (
  trap allow_servers EXIT
  trap 'exit 130' INT TERM
  forbid_servers || exit 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update || echo "apt-get update failed; going on with the lists that are there"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@"
)

POLICY=/usr/sbin/policy-rc.d
CLUSTER_SETTINGS=/etc/postgresql-common/createcluster.d
CLUSTER_SETTING=$CLUSTER_SETTINGS/discuss-install.conf

# Debian's packages start their servers unless policy-rc.d answers 101, and postgresql makes a cluster
# unless told otherwise. A policy of the machine's own is kept aside meanwhile (ours may lie there if an
# earlier run was killed).
forbid_servers() {
  local mark="Of the Discuss scripts, while they install packages."
  if [[ -e $POLICY ]] && ! grep -q "$mark" "$POLICY"; then as_root mv "$POLICY" "$POLICY.before-discuss"; fi
  printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" | as_root tee "$POLICY" >/dev/null
  as_root chmod 755 "$POLICY"
  as_root mkdir -p "$CLUSTER_SETTINGS"
  echo "create_main_cluster = false" | as_root tee "$CLUSTER_SETTING" >/dev/null
}

# Puts everything back as it was before `forbid_servers`.
allow_servers() {
  if [[ -e $POLICY.before-discuss ]]; then
    as_root mv "$POLICY.before-discuss" "$POLICY"
  else
    as_root rm -f "$POLICY"
  fi
  as_root rm -f "$CLUSTER_SETTING"
  # The folder belongs to a package, or was made here.
  if ! dpkg -S "$CLUSTER_SETTINGS" >/dev/null 2>&1; then
    as_root rmdir --ignore-fail-on-non-empty "$CLUSTER_SETTINGS" "$(dirname "$CLUSTER_SETTINGS")" 2>/dev/null || true
  fi
}

# Debian enables redis-server for the next boot; that is the owner's to decide.
hint_about_boot() {
  if [[ -d /run/systemd/system ]]; then
    say "Nothing was started. Debian's own redis-server would start at the next boot; 'systemctl disable redis-server' keeps it from that"
  fi
}
