#!/usr/bin/env bash
# Fuzzes every target, or those that are named:
#
#   tests/fuzz/run.sh [--count EXECUTIONS] [--minutes M] [TARGET...]    each target, 10 minutes if neither is said
#
# Builds with clang, starts from the corpus in the tree and from what earlier runs found, keeps what it finds under
# build/fuzz/found, prints the executions of each target and of all its runs so far, and fails if a target fails; the
# input that did it lies beside the target's log.
set -euo pipefail
cd "$(dirname "$0")/../.."

limits=()
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --count) limits+=("-runs=$2") && shift 2 ;;
    --minutes) limits+=("-max_total_time=$(awk -v m="$2" 'BEGIN { print int(m * 60) }')") && shift 2 ;;
    -*) echo "unknown option $1" >&2 && exit 2 ;;
    *) targets+=("$1") && shift ;;
  esac
done
[ ${#limits[@]} -gt 0 ] || limits=(-max_total_time=600)
if [ ${#targets[@]} -eq 0 ]; then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" >/dev/null

found=build/fuzz/found
failed=0
for target in "${targets[@]}"; do
  mkdir -p "$found/$target"
  log=$found/$target.log
  "build/fuzz/tests/fuzz/fuzz_$target" "${limits[@]}" -max_len=8192 -rss_limit_mb=2000 \
    -artifact_prefix="$found/$target-" -print_final_stats=1 "$found/$target" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 || { failed=1 && echo "$target: FAILED, see $log"; }
  executions=$(grep -ao 'number_of_executed_units: [0-9]*' "$log" | cut -d' ' -f2)
  echo "${executions:-0}" >>"$found/$target.counts"
  echo "$target: ${executions:-0} executions, $(awk '{ n += $1 } END { print n }' "$found/$target.counts") in all"
done
exit "$failed"
