#!/usr/bin/env bash
# Random orders and repetitions of what happens to 1,000 business records end, through Kafka and two consumers, in the state of the ordered run.
# takes: about 1 minute
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

main() {
  local code=0
  proof_begin entity-order
  proof_servers postgres redis kafka
  proof_service consumer-1 discuss-consumer
  proof_service consumer-2 discuss-consumer
  proof_inside entity-order "$@" || code=1
  proof_verdict "$code" "name, archive, aliases, members and versions are those of the ordered run"
}

main "$@"
