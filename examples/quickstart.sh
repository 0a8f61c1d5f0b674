#!/usr/bin/env bash
# godwit in five minutes, without an account: builds it, starts embedded S3, Cloud Storage and Azure
# servers on this machine, and syncs a small model-and-dataset tree through all of them and back.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server=
cleanup() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n# %s\n' "$*"; }
run() { # prints a command as it can be copied, then runs it
  printf '$'
  printf ' %q' "$@"
  printf '\n'
  "$@"
}

say 'Install what is missing and build'
"$top/scripts/packages.sh" build
cd "$top"
run cmake --preset release >"$work/build.log" 2>&1 &&
  run cmake --build --preset release >>"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log"; exit 1; }
export PATH=$top/build/release/bin:$PATH
run godwit version

say 'Start the embedded servers on free loopback ports'
cd "$work"
godwit-fakecloud --bucket lake --azure-container lake --env-file "$work/server.env" >"$work/server.log" 2>&1 &
server=$!
for _ in {1..100}; do
  [[ ! -s $work/server.env ]] || break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; exit 1; }
  sleep 0.1
done
set -a && source "$work/server.env" && set +a
# Only this server is meant, whatever accounts this machine knows.
unset AWS_PROFILE AWS_SESSION_TOKEN AZURE_STORAGE_ACCOUNT AZURE_STORAGE_KEY GOOGLE_APPLICATION_CREDENTIALS
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null XDG_STATE_HOME=$work/state
echo "S3 at $AWS_ENDPOINT_URL_S3, Cloud Storage at $STORAGE_EMULATOR_HOST, Azure beside them"

say 'Make a small model-and-dataset tree'
mkdir -p model/checkpoint data/2026/01
head -c 40M /dev/urandom >model/checkpoint/weights.bin
printf '{"layers": 12}\n' >model/config.json
for shard in $(seq -w 0 49); do head -c 20000 /dev/urandom >"data/2026/01/part-$shard.parquet"; done
printf 'a name with spaces, %% and +\n' >'data/read me + 100%.txt'
mkdir tree && mv model data tree/
du -sh tree

say 'local -> S3'
run godwit sync tree s3://lake/team
say 'again: nothing to do'
run godwit sync tree s3://lake/team
run godwit du s3://lake/team

say 'S3 -> Cloud Storage -> Azure -> local'
run godwit sync s3://lake/team gs://lake/team
run godwit sync gs://lake/team az://lake/team
run godwit sync az://lake/team copy

say 'Change one file: only this one travels'
printf '{"layers": 24}\n' >tree/model/config.json
run godwit sync tree s3://lake/team
run godwit sync s3://lake/team gs://lake/team
run godwit sync gs://lake/team az://lake/team
run godwit sync az://lake/team copy
run godwit stat az://lake/team/model/config.json

say 'The copy equals the original'
run diff -r tree copy
echo 'equal, byte for byte'
