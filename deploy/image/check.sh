#!/usr/bin/env bash
# Runs an image as a cluster would: not root, nothing writable but /tmp, two cores, 1.5 GiB; asks it, and ends it with SIGTERM.
# Without Docker: umoci unpacks it, runc runs it (Debian: runc, umoci; skopeo is not needed). Root.
#
#   deploy/image/check.sh hasten-cli/target/jib-image.tar FOLDER-OF-MODELS MODEL
set -euo pipefail
tar=$(realpath "$1") models=$(realpath "$2") model=$3
work=$(mktemp -d)
name=hasten-check-$$
trap 'runc kill "$name" KILL 2>/dev/null || true; sleep 1; runc delete -f "$name" 2>/dev/null || true; rm -rf "$work"' EXIT

# A tar of `docker save` is its layers, one over the other, and what to run.
mkdir -p "$work/image" "$work/bundle/rootfs"
tar -xf "$tar" -C "$work/image"
for layer in $(jq -r '.[0].Layers[]' "$work/image/manifest.json"); do
  tar -xf "$work/image/$layer" -C "$work/bundle/rootfs"
done
config="$work/image/$(jq -r '.[0].Config' "$work/image/manifest.json")"
jq '.config | {User, Entrypoint, Cmd, ExposedPorts, Volumes}' "$config"

cd "$work/bundle"
runc spec
jq --slurpfile image "$config" --arg models "$models" --argjson tmp 1073741824 '
  ($image[0].config) as $c | ($c.User | split(":") | map(tonumber)) as $user
  | .process.terminal = false
  | .process.user = {uid: $user[0], gid: $user[1]}
  | .process.args = ($c.Entrypoint + $c.Cmd) | .process.env = $c.Env | .process.cwd = "/"
  | .process.capabilities = {bounding: [], effective: [], permitted: []} | .process.noNewPrivileges = true
  | .root = {path: "rootfs", readonly: true}
  | .mounts += [
      {destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777", "size=\($tmp)"]},
      {destination: "/models", type: "bind", source: $models, options: ["rbind", "ro"]}]
  | .linux.namespaces |= map(select(.type != "network"))
  | .linux.resources = {cpu: {quota: 200000, period: 100000}, memory: {limit: 1610612736}}
' config.json >spec.json
mv spec.json config.json

runc run --bundle "$work/bundle" "$name" >"$work/out" 2>&1 &
running=$!
for _ in $(seq 150); do
  curl -sf -o /dev/null 127.0.0.1:8000/v2/health/ready && break
  kill -0 "$running" 2>/dev/null || { cat "$work/out"; exit 1; }
  sleep 0.2
done
cat "$work/out"
curl -sf 127.0.0.1:8000/v2; echo
curl -sf "127.0.0.1:8000/v2/models/$model/predict" -d 'a place where ships are safe' | cut -c1-160
curl -sf -o /dev/null -w 'console: %{http_code}\n' 127.0.0.1:8000/
runc exec "$name" /opt/java/bin/java -version 2>&1 | head -1 || true
grep -E 'Uid|VmRSS' "/proc/$(runc state "$name" | jq .pid)/status"
runc kill "$name" TERM
wait "$running" && status=0 || status=$?
echo "ended with status $status after SIGTERM (143: by the signal, in order)"
[ "$status" = 143 ] || [ "$status" = 0 ]
