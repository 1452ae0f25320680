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

# Installs what is missing and nothing else, so that a second run costs no time.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing ${#missing[@]} Debian packages"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "These packages are missing and need root to install: ${missing[*]}"
    as_root=(sudo)
  fi
  # Nothing that a package would start by itself may run: the scripts start their own private Redis.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    made_policy=yes
  fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
  if [ -n "$made_policy" ]; then "${as_root[@]}" rm -f "$policy"; fi
}

# build [target…]: everything where none is named.
build() {
  if [ ! -f "$BUILD/build.ninja" ]; then
    say "Configuring"
    cmake --preset release -S "$ROOT" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release >/dev/null
  fi
  say "Building"
  ninja -C "$BUILD" "$@"
}
