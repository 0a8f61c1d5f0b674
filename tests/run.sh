#!/usr/bin/env bash
# Builds and passes the tests, real servers included.
#
#   tests/run.sh [LAYER...]    layers: tidy unit sim contract cli e2e pairs fault fuzz
#                              tsan campaign
#
# Installs what is missing (as root), builds with assertions, ASan and UBSan, starts MinIO, two servers of
# Cloud Storage and Azurite on loopback, and
# ends with one line "N passed, N failed, N skipped". A server that cannot be installed is a
# failure under CI=true, a named skip elsewhere.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
layers=("$@")
[[ $# -gt 0 ]] || layers=(tidy unit sim contract cli e2e pairs fault fuzz tsan campaign)

wants() { [[ " ${layers[*]} " == *" $1 "* ]]; }

"$top/scripts/packages.sh" build test

build=$top/build
results=$build/results
export GODWIT_SERVERS_DIR=${GODWIT_SERVERS_DIR:-$build/servers} GODWIT_SERVERS_RUN=$build/servers-run
rm -rf "$results"
mkdir -p "$results"
begin=$SECONDS
stage() { printf '== %s (%d s)\n' "$*" $((SECONDS - begin)); }

trap '"$top/tests/servers" stop all >/dev/null 2>&1 || true' EXIT

# --- what the tests stand on -----------------------------------------------------------------------

server_failures=0
start_server() { # NAME PREFIX [--https]: exports PREFIX_ENDPOINT and so on
  local lines run=$GODWIT_SERVERS_RUN-${2,,}
  if ! lines=$(GODWIT_SERVERS_RUN=$run "$top/tests/servers" start "$1" "${@:3}"); then
    echo "server $1 could not be installed or started"
    server_failures=$((server_failures + 1))
    return 0
  fi
  while IFS='=' read -r name value; do export "GODWIT_TEST_$2_$name=$value"; done <<<"$lines"
}
if wants contract || wants e2e || wants pairs || wants campaign; then
  stage 'servers'
  trap 'for r in minio minio_tls fake_gcs gcs_emulator azurite; do GODWIT_SERVERS_RUN=$GODWIT_SERVERS_RUN-$r "$top/tests/servers" stop all >/dev/null 2>&1 || true; done' EXIT
  start_server minio MINIO
  start_server minio MINIO_TLS --https
  start_server fake-gcs FAKE_GCS
  start_server gcs-emulator GCS_EMULATOR
  start_server azurite AZURITE
fi
if wants cli || wants e2e || wants fault || wants pairs || wants campaign; then
  stage 'python'
  clients=('boto3==1.40.0') modules='boto3'
  if wants pairs; then
    clients+=('google-cloud-storage==3.17.0' 'azure-storage-blob==12.31.0')
    modules+=', google.cloud.storage, azure.storage.blob'
  fi
  if [[ ! -x $build/venv/bin/python ]] || ! "$build/venv/bin/python" -c "import $modules" 2>/dev/null; then
    rm -rf "$build/venv"
    python3 -m venv "$build/venv"
    "$build/venv/bin/pip" install -q "${clients[@]}"
  fi
  export GODWIT_TEST_PYTHON=$build/venv/bin/python
fi

# --- builds ----------------------------------------------------------------------------------------

run_layers() { # PRESET LAYER...: builds, then runs the layers' tests
  local preset=$1 layer
  stage "build $preset"
  cmake --preset "$preset" >"$results/$preset-configure.log" || { cat "$results/$preset-configure.log"; return 1; }
  local target=all
  [[ $preset != tsan ]] || target=tsan_tests
  [[ $preset != plain ]] || target=campaign_programs
  cmake --build --preset "$preset" --target $target >"$results/$preset-build.log" || { tail -n 60 "$results/$preset-build.log"; return 1; }
  for layer in "${@:2}"; do
    stage "$layer"
    GTEST_OUTPUT=json:$results/$preset-$layer/ GODWIT_RESULTS=$results/$preset-$layer \
      GODWIT_BIN=$build/$preset/bin GODWIT_TOP=$top \
      ctest --test-dir "$build/$preset" -L "^$layer\$" --output-on-failure --no-tests=error \
      --output-junit "$results/$preset-$layer.xml" -j 2 >"$results/$preset-$layer.log" 2>&1 ||
      { grep -vE '^\s+Start|Passed' "$results/$preset-$layer.log" | tail -n 150; }
    tail -n 3 "$results/$preset-$layer.log" | grep -E 'tests passed|Total' || true
  done
}

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
# A second signal ends the process with the threads that it has.
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:report_thread_leaks=0
main_layers=()
for layer in tidy unit sim contract cli e2e pairs fault fuzz; do ! wants $layer || main_layers+=("$layer"); done
built=0
[[ ${#main_layers[@]} -eq 0 ]] || run_layers asan "${main_layers[@]}" || built=1
! wants tsan || run_layers tsan tsan || built=1
! wants campaign || run_layers plain campaign || built=1

stage 'done'
python3 "$top/tests/harness/count.py" "$results" --build-failed "$built" --server-failures "$server_failures"
