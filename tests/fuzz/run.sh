#!/usr/bin/env bash
# Fuzzes every target, or those that are named: tests/fuzz/run.sh [SECONDS [TARGET...]]
# Builds with clang, starts from the corpus in the tree, keeps what it finds under build/fuzz, and
# fails if a target fails; the input that did it lies beside the target's log.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-600}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"

failed=0
for target in "${targets[@]}"; do
  work="build/fuzz/found/$target"
  mkdir -p "$work"
  log="build/fuzz/found/$target.log"
  if "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=8192 \
      -rss_limit_mb=2000 -artifact_prefix="build/fuzz/found/$target-" -print_final_stats=1 \
      "$work" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    echo "$target: $(grep -ao 'number_of_executed_units: [0-9]*' "$log" | cut -d' ' -f2) executions"
  else
    echo "$target: FAILED, see $log"
    failed=1
  fi
done
exit "$failed"
