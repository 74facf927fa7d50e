# What a forwarded port serves: kubectl's words, the status and the title.
log=$(mktemp)
kubectl port-forward "$1" ":$2" --address=127.0.0.1 >"$log" 2>&1 &
forward=$!
trap 'kill $forward; rm -f "$log"' EXIT
until port=$(sed -n 's/^Forwarding from 127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$log") && [ -n "$port" ]; do sleep 0.05; done
sed "s/:$port /:<port> /" "$log"
node -e 'fetch(process.argv[1]).then(async r => console.log(r.status, (await r.text()).split("\n").filter(l => /title/.test(l)).join("").trim()))' \
  "http://127.0.0.1:$port/"
