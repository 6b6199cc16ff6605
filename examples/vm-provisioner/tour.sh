#!/bin/sh
# A tour of the demo: machines are made, listed, stopped, failed and destroyed, and one request's whole story is read from the lines.
set -eu
cd "$(dirname "$0")/../.."
: "${DEMO:=cargo run -q -p vm-provisioner --}" "${CUPOLA:=cargo run -q -p cupola-cli --}"
work=$(mktemp -d)
: >"$work/out"
export LOG_DIR="$work/logs" LOG_FORMAT=json CUPOLA_LOG_PACK=none
$DEMO --listen 127.0.0.1:0 --data "$work/data" --simulated-failures 0 >"$work/out" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }
ask() { # METHOD PATH TOKEN [BODY]
    curl -sS -X "$1" "http://$address$2" -H "Authorization: Bearer $3" -H 'Content-Type: application/json' ${4:+-d "$4"}
}
follow() { curl -sSN "http://$address/api/v1/vms/$1/events" -H "Authorization: Bearer $token" | sed -n 's/^data: //p'; }
make() { ask POST /api/v1/vms "$token" "{\"name\": \"$1\", \"template\": \"$2\", \"size\": \"small\"}" | text id; }

until address=$(grep '"message":"listening"' "$work/out" | text address) && [ -n "$address" ]; do
    kill -0 "$demo"
    sleep 0.2
done

say "a user of our own, made by the demo's admin"
made=$(ask POST /api/v1/users demo-root-2c9e7a41 '{"name": "tourist"}')
token=$(printf '%s' "$made" | text token)
[ -n "$token" ] || token=demo-ada-6f1c2b7e
printf '%s\n' "$made" | sed 's/"token":"[^"]*"/"token":"…"/'

say "a machine is made: each step is an event"
web=$(make web debian-13)
follow "$web"

say "one that does not boot: three attempts, and its address is free again"
broken=$(make broken broken)
follow "$broken"

say "what there is"
ask GET /api/v1/vms "$token"
echo

say "both are destroyed"
for id in "$web" "$broken"; do
    ask DELETE "/api/v1/vms/$id" "$token" >"$work/answer"
    follow "$id"
done

say "the whole story of the request for the machine that failed"
kill "$demo"
wait "$demo" || true
request=$(grep '"message":"machine failed"' "$LOG_DIR/api.log" | text request_id)
$CUPOLA trace "$request"
