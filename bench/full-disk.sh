#!/usr/bin/env bash
# What is said, and what is left behind, on a full disk and on a read-only one. Needs root: mounts small file systems in memory.
#
#   bench/full-disk.sh DEMO_FOLDER      a folder that `hasten demo` wrote, its bundle included
#
# Prints a table row for each command: where, what was run, exit code, message. Ends with 1 if something was left half-written or the
# exit code is not 3 (the environment lacks something).
set -uo pipefail
cd "$(dirname "$0")/.."
demo=$(cd "$1" && pwd)
place=$(mktemp -d "${TMPDIR:-/tmp}/hasten-full.XXXXXX")
trap 'umount "$place" 2>/dev/null; rmdir "$place"' EXIT
bad=0
printf -- '- simplify\n' >"$demo/simplify.yaml"

row() { # where, then the command
  local where=$1 code message left
  shift
  message=$(./hasten "$@" 2>&1 >/dev/null) && code=0 || code=$?
  message=$(grep -m1 '^hasten: ' <<<"$message" | sed "s#$place#…#g; s#$demo#demo#g")
  left=$(find "$place" -type f -size +0 -not -path '*/journal.jsonl' -not -path '*/answers/*.npy' -not -name 'file' -not -path '*/copy/*' | wc -l)
  echo "| $where: \`hasten $1\` | $code | $message |"
  [ "$code" = 3 ] && [ "$left" = 0 ] || { bad=1; echo "FAILED: exit code $code, $left files left"; find "$place" -type f; }
}

mount -t tmpfs -o size=3m tmpfs "$place"
row "full disk" apply "$demo/simplify.yaml" "$demo/model.onnx" -o "$place/out.onnx"
row "full disk" optimize "$demo/workload.yaml" --budget 20s --quiet --output "$place/bundle"
umount "$place"
mount -t tmpfs -o size=140m tmpfs "$place"
mkdir "$place/copy"
cp "$demo"/{model.onnx,published-int8.onnx,tokenizer.json,workload.yaml,glosses.jsonl} "$place/copy/"
row "full disk under the study" optimize "$place/copy/workload.yaml" --budget 20s --quiet --output "$demo/never"
[ ! -e "$demo/never" ] || bad=1
umount "$place"
mount -t tmpfs -o size=3m,ro tmpfs "$place"
row "read-only disk" apply "$demo/simplify.yaml" "$demo/model.onnx" -o "$place/out.onnx"
row "read-only disk" optimize "$demo/workload.yaml" --budget 20s --quiet --output "$place/bundle"
exit $bad
