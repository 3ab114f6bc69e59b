#!/usr/bin/env bash
# A made-up corpus at 200 messages/s, 500 people connected: delays when nothing is near its limit.
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

proof_begin bench-steady
proof_servers postgres redis
proof_service api discuss-api
proof_service gateway discuss-gateway
bench_load replay --people 500 --rate 200 --limit 4000
