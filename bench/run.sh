#!/usr/bin/env bash
# Builds what is needed and runs a class of the benchmarks on the JDK that ./hasten uses: bench/run.sh CLASS [ARGS...]
#   bench/run.sh SimplifyCheck hasten-demo
#   bench/run.sh org.openjdk.jmh.Main PredictorBenchmark -prof gc
set -euo pipefail
cd "$(dirname "$0")/.."
for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25* "$HOME"/.sdkman/candidates/java/25*; do
  if [ -r "$home/release" ] && grep -q '^JAVA_VERSION="25' "$home/release"; then
    export JAVA_HOME="$home"
    break
  fi
done
class=$1
shift
case $class in *.*) ;; *) class=dev.hasten.bench.$class ;; esac
lib=bench/target/libs
if [ ! -d "$lib" ] || [ -n "$(find hasten-*/src/main bench/src/main pom.xml -newer "$lib" -type f -print -quit)" ]; then
  mvn -B -q -Dmaven.test.skip=true -pl bench -am package
  touch "$lib"
fi
RUST_FLAVOR=cpu exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  ${BENCH_JAVA_OPTS:-} -cp "bench/target/hasten-bench.jar:$lib/*" "$class" "$@"
