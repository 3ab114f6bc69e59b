# shellcheck shell=bash
# Tokens (JWT, HS256) for the people of the demo tenant.

# The demo tenant and its people: "user id|name".
DEMO_TENANT=1
DEMO_PEOPLE=("1|ana" "2|binh" "3|chi")

# Base64 as tokens have it.
base64url() {
  openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# A token: make_token SECRET USER_ID TENANT_ID NAME SECONDS
# Names JWT_ISSUER and JWT_AUDIENCE where they are set.
make_token() {
  local secret=$1 user=$2 tenant=$3 name=$4 seconds=$5 claims signed
  claims=$(jq -cn --argjson uid "$user" --argjson tid "$tenant" --arg name "${name^}" --arg email "$name@demo.example" \
    --argjson iat "$(date +%s)" --argjson for "$seconds" --arg iss "${JWT_ISSUER:-}" --arg aud "${JWT_AUDIENCE:-}" \
    '{$uid, $tid, $name, $email, $iat, exp: ($iat + $for)}
     + (if $iss == "" then {} else {$iss} end) + (if $aud == "" then {} else {$aud} end)')
  signed=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf '%s' "$claims" | base64url)
  printf '%s.%s' "$signed" "$(printf '%s' "$signed" | openssl dgst -sha256 -hmac "$secret" -binary | base64url)"
}

# Writes a 24-hour token for each person of the demo tenant to .local/tokens/NAME, readable by the owner only.
write_demo_tokens() {
  local person folder=$LOCAL/tokens
  mkdir -p "$folder"
  chmod 700 "$folder"
  for person in "${DEMO_PEOPLE[@]}"; do
    (umask 077 && make_token "$JWT_SECRET" "${person%%|*}" "$DEMO_TENANT" "${person#*|}" 86400 >"$folder/${person#*|}")
  done
}
