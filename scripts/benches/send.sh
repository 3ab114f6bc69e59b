#!/usr/bin/env bash
# 64 senders by REST over 200 channels, ten people listening to all of it.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

proof_begin bench-send
proof_servers postgres redis
proof_service api discuss-api
proof_service gateway discuss-gateway
bench_load send --senders 64 --channels 200 --messages 20000
