#!/usr/bin/env bash
# PP-OCR in 8 bits: errors of characters on turned, blurred and noisy lines in six fonts, and speed.
#   bench/ocr-quantized.sh rec [LINES]         detection: det [PAGES]; speed: rec-time|det-time [ROUNDS]
#   bench/ocr-quantized.sh rec 2400 fp32 min-max      these forms only
# Files that it makes are kept in bench/target/ocr-quantized and used again.
set -euo pipefail
cd "$(dirname "$0")/.."
bench/ocr.sh --fetch
ocr=bench/target/ocr
if [ ! -f "$ocr/fonts/complete" ]; then
  exit 0 # bench/ocr.sh has said why
fi
what=${1:-rec}
case $what in rec) count=2400 ;; det) count=150 ;; *) count=60 ;; esac
exec bench/run.sh OcrQuantized "$what" "$ocr/models" "$ocr/fonts" bench/target/ocr-quantized "${2:-$count}" "${@:3}"
