# shellcheck shell=bash
# Shared by scripts/run, scripts/test, scripts/bench and scripts/fuzz: installing, configuring, building.
# Sourced after `set -euo pipefail`; defines ROOT and BUILD.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${AMANA_BUILD:-$ROOT/build}

# docs/dependencies.md says why each of them is here.
PACKAGES=(
  cmake ninja-build ccache mold pkg-config git ca-certificates python3
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev grpc-proto libabsl-dev
  libsodium-dev libssl-dev libhiredis-dev redis-server libsqlite3-dev
  prometheus-cpp-dev libcpp-httplib-dev nlohmann-json3-dev libcli11-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
FUZZ_PACKAGES=(llvm-19)
CHECK_PACKAGES=(shellcheck prometheus)
# Debian's own would conflict with a node that is there already from elsewhere.
command -v npm >/dev/null || CHECK_PACKAGES+=(nodejs npm)

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# While packages are installed this keeps what they would start by themselves from running: the scripts
# start their own private Redis. The mark tells a file of ours from an administrator's.
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# amana: there only while its scripts install packages'

# Installs what is missing and nothing else, so that a second run costs no time.
install_packages() {
  local missing=() package as_root=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  # A file of ours that is there already was left by a run that was killed.
  local left=
  if grep -qsxF "$POLICY_MARK" "$POLICY"; then left=yes; fi
  [ ${#missing[@]} -gt 0 ] || [ -n "$left" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "Without sudo this needs root: installing ${missing[*]}${left:+; removing $POLICY}"
    as_root=(sudo)
  fi
  if [ -n "$left" ]; then "${as_root[@]}" rm -f "$POLICY"; fi
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing ${#missing[@]} Debian packages"
    apt_install "${missing[@]}"
  fi
}

# In a shell of its own, whose trap takes the policy away on every way out.
apt_install() (
  if [ ! -e "$POLICY" ]; then
    trap '"${as_root[@]}" rm -f "$POLICY"' EXIT
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | "${as_root[@]}" tee "$POLICY" >/dev/null
    "${as_root[@]}" chmod 755 "$POLICY"
  fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
)

# build [target…]: everything where none is named.
build() {
  if [ ! -f "$BUILD/build.ninja" ]; then
    say "Configuring"
    cmake --preset release -S "$ROOT" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release >/dev/null
  fi
  say "Building"
  ninja -C "$BUILD" "$@"
}
