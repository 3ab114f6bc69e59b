#!/usr/bin/env bash
# Schemathesis calls every operation of openapi.json with at least 100 made-up requests: every answer is as the document says, none is a 5xx.
# takes: about 5 minutes
#
# api-schema [OPTIONS of schemathesis run]
# shellcheck source=../lib/all.sh source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../lib/all.sh"

SCHEMATHESIS=4.32.5
SEED=20261126
CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ensure_resource_availability,ignored_auth

main() {
  local code=0 api report operations
  PACKAGES+=("$PYTHON_PACKAGE")
  proof_begin api-schema
  proof_servers postgres redis
  proof_service api discuss-api
  install_python_tool schemathesis "$SCHEMATHESIS" || exit 1
  api=http://$(proof_listen api)
  report=$PROOF_PLACE/log/schemathesis.log
  say "schemathesis run, seed $SEED"
  "$(python_tools schemathesis)/st" --no-color run "$ROOT/openapi/openapi.json" --url "$api" \
    --header "Authorization: Bearer $(make_token "$JWT_SECRET" 1 1 ana 86400)" \
    --seed "$SEED" --max-examples 100 --checks "$CHECKS" --workers 2 --max-failures 20 "$@" | tee "$report" || code=$?
  operations=$(jq '[.paths[] | keys[] | select(IN("get", "post", "put", "patch", "delete"))] | length' "$ROOT/openapi/openapi.json")
  proof_figure "operations of the document" "$operations"
  proof_verdict "$code" "$operations operations, $(grep -oE '[0-9]+ generated[^,]*' "$report" | tail -n 1): every answer is as the document says"
}

main "$@"
