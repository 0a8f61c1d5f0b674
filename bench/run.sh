#!/usr/bin/env bash
# Benchmarks of the program: client CPU, memory and requests, over plain http on loopback.
#
#   bench/run.sh [--json] [--runs N] [--server sink|minio] [SCENARIO...]
#
# Scenarios: upload download small-up small-down small-down-fsync noop dry-run-million (default: all). The server is
# pinned to one core, the client to the other; each figure is the median of N runs (5) after a
# warm-up. Absolute times differ between machines: compare ratios of one run.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
"$top/scripts/packages.sh" build
cmake --preset release -S "$top" >/dev/null
cmake --build "$top/build/release" --target godwit godwit-fakecloud >/dev/null
exec python3 "$top/bench/bench.py" --bin "$top/build/release/bin" "$@"
