# What `kubectl proxy` gives for a path below the namespace: the status and the first line.
log=$(mktemp)
kubectl proxy --port=0 >"$log" 2>&1 &
proxy=$!
trap 'kill $proxy; rm -f "$log"' EXIT
until port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\)$/\1/p' "$log") && [ -n "$port" ]; do sleep 0.05; done
node -e 'fetch(process.argv[1]).then(async r => console.log(r.status, (await r.text()).split("\n").filter(l => /title|message/.test(l)).join("").trim()))' \
  "http://127.0.0.1:$port/api/v1/namespaces/$NAMESPACE/$1"
