#!/usr/bin/env bash
# Installs the distribution packages that are missing, after naming them. Needs root only if
# something is missing.
#
#   scripts/packages.sh build          what the program and its tests are built with
#   scripts/packages.sh build test     also what the test layers use
set -euo pipefail

build=(cmake ninja-build g++ pkg-config libcurl4-openssl-dev libssl-dev libxml2-dev libxxhash-dev
  libfmt-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev libsqlite3-dev curl ca-certificates
  python3 openssl)
test=(ccache libgtest-dev libgmock-dev libbenchmark-dev clang lld libclang-rt-14-dev python3-venv
  python3-pip git procps clang-format e2fsprogs xfsprogs mount)

wanted=()
for group in "${@:-build}"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    *) echo "packages.sh: unknown group '$group'; it takes build and test" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] ||
    missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "installing: ${missing[*]}" >&2
if [[ $(id -u) != 0 ]]; then
  echo "packages.sh: run as root, or install them first" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 update -q >&2
apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}" >&2
