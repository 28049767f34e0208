#!/usr/bin/env bash
# Exchanges models of a server under load, then stops it with SIGTERM and starts it again, and checks that no request fails but those
# that are refused while it is away. Clients: the JDK's over HTTP/1.1 and HTTP/2, grpc-java.
#
#   bench/reloads.sh [RELOADS] [STOPS]      default: 100 reloads, 20 stops
set -euo pipefail
cd "$(dirname "$0")/.."
mvn -q -pl hasten-cli -am test -Dtest=ReloadsTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dhasten.reloads="${1:-100}" -Dhasten.stops="${2:-20}"
