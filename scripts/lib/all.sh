# shellcheck shell=bash source-path=SCRIPTDIR
# What every script starts with: strictness, the project's folder, and all functions.
#
# Note that bash ignores `set -e` in a function whose result is asked for (`if f`, `f || g`, `part NAME f`):
# such functions say `|| return 1` where a failure must end them.

set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly ROOT
# Everything that the scripts make is in here.
export LOCAL=$ROOT/.local

# shellcheck source=say.sh
source "$ROOT/scripts/lib/say.sh"
# shellcheck source=processes.sh
source "$ROOT/scripts/lib/processes.sh"
# shellcheck source=ports.sh
source "$ROOT/scripts/lib/ports.sh"
# shellcheck source=packages.sh
source "$ROOT/scripts/lib/packages.sh"
# shellcheck source=rust.sh
source "$ROOT/scripts/lib/rust.sh"
# shellcheck source=python.sh
source "$ROOT/scripts/lib/python.sh"
# shellcheck source=settings.sh
source "$ROOT/scripts/lib/settings.sh"
# shellcheck source=postgres.sh
source "$ROOT/scripts/lib/postgres.sh"
# shellcheck source=redis.sh
source "$ROOT/scripts/lib/redis.sh"
# shellcheck source=kafka.sh
source "$ROOT/scripts/lib/kafka.sh"
# shellcheck source=servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=services.sh
source "$ROOT/scripts/lib/services.sh"
# shellcheck source=tokens.sh
source "$ROOT/scripts/lib/tokens.sh"
# shellcheck source=proof.sh
source "$ROOT/scripts/lib/proof.sh"
# shellcheck source=load.sh
source "$ROOT/scripts/lib/load.sh"

# Every script explains itself, and then does nothing else: `source` hands on the script's own arguments.
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  print_help
  exit 0
fi
