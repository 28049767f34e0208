#!/usr/bin/env bash
# Kills servers with SIGKILL while they accept and run jobs, and checks that none is lost, none is made twice and every result is right:
# one node on SQLite, then two nodes on one PostgreSQL (skipped with a message where the Debian package postgresql is not installed).
#
#   bench/jobs-kill.sh [JOBS] [KILLS]      default: 10000 jobs, 10 kills
set -euo pipefail
cd "$(dirname "$0")/.."
mvn -q -pl hasten-serve -am test -Dtest=JobsKillTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dhasten.kill.jobs="${1:-10000}" -Dhasten.kill.kills="${2:-10}"
