# shellcheck shell=bash
# Ports: which are free, and who holds one that is not. No tool beyond /proc and perl-base.

# Whether nothing listens on a port.
port_is_free() {
  [[ -z $(listening_inodes "$1") ]]
}

# The sockets (inodes) that listen on a port.
listening_inodes() {
  local port
  printf -v port ':%04X' "$1"
  awk -v port="$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Pids of the processes that listen on a port, as far as the caller may see them.
port_pids() {
  local inode
  for inode in $(listening_inodes "$1"); do
    find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$inode\]" 2>/dev/null | cut -d/ -f3
  done | sort -un
}

# Dies if a port is taken, naming the process that holds it and the variable that moves the port.
require_free_port() {
  local port=$1 variable=$2 pid holder=""
  if port_is_free "$port"; then return 0; fi
  for pid in $(port_pids "$port"); do
    holder+=" pid $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-120))"
  done
  die "port $port is held by${holder:- a process of another user}; stop it, or set $variable to another port"
}

# A port that nobody listens on, below the range from which the kernel gives ports to connections.
free_port() {
  local port tries
  for ((tries = 0; tries < 200; tries++)); do
    port=$((20000 + RANDOM % 12000))
    if port_is_free "$port"; then
      printf '%s' "$port"
      return 0
    fi
  done
  die "found no free port between 20000 and 32000"
}
