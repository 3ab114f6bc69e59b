#!/usr/bin/env bash
# 64 senders by REST in one channel, ten people listening.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

proof_begin bench-hot-channel
proof_servers postgres redis
proof_service api discuss-api
proof_service gateway discuss-gateway
bench_load send --senders 64 --channels 1 --messages 20000
