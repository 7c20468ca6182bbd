#!/usr/bin/env bash
# Installs what is missing to build, run and test flblk on Debian 12. Idempotent; touches the network only
# when something is missing. Needs root or sudo then. Prints one line per thing it installs.
#
#   tests/setup.sh [build|test|ci]
#     build  what examples/demo.sh needs (default)
#     test   + GoogleTest, Google Benchmark, network namespaces
#     ci     + clang (fuzzers, clang-format), on amd64 a compiler, libraries and an emulator for arm64
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-build}
packages=(g++ cmake ninja-build pkg-config git
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler
  libsodium-dev libssl-dev libsecp256k1-dev libsnappy-dev
  libabsl-dev libgoogle-glog-dev libboost1.81-dev
  libtomlplusplus-dev nlohmann-json3-dev prometheus-cpp-dev
  python3 python3-grpcio python3-protobuf)
case $level in
  build) ;;
  test) packages+=(libgtest-dev libgmock-dev libbenchmark-dev iproute2 procps) ;;
  ci) packages+=(libgtest-dev libgmock-dev libbenchmark-dev iproute2 procps
        clang-14 clang-format-14 libclang-rt-14-dev)
      if [ "$(uname -m)" = x86_64 ]; then packages+=(g++-aarch64-linux-gnu qemu-user); fi ;;
  *) echo "setup.sh: unknown level '$level' (build, test or ci)" >&2; exit 2 ;;
esac

fail() { echo "setup.sh: $*" >&2; exit 1; }

command -v dpkg-query >/dev/null || fail "this script installs Debian packages; elsewhere install by hand: ${packages[*]}"
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "cannot install packages: run as root, or install sudo"; fi
}

have() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
missing=()
for p in "${packages[@]}"; do have "$p" || missing+=("$p"); done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup.sh: installing ${missing[*]}"
  as_root apt-get update -qq || fail "apt-get update failed: check the package sources"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || fail "apt-get install failed for: ${missing[*]}"
fi

# BLAKE3 has no C library package in Debian 12; the official C sources ship inside librust-blake3-dev.
# Only that package is unpacked (its Rust dependencies are not needed), into build/deps.
deps=build/deps
if ! pkg-config --exists libblake3 && ! compgen -G '/usr/share/cargo/registry/blake3-*/c/blake3.c' >/dev/null \
    && ! compgen -G "$deps/usr/share/cargo/registry/blake3-*/c/blake3.c" >/dev/null; then
  echo "setup.sh: unpacking the BLAKE3 C sources of librust-blake3-dev into $deps"
  mkdir -p "$deps"
  tmp=$(mktemp -d)
  chmod 755 "$tmp"
  trap 'rm -rf "$tmp"' EXIT
  if ! (cd "$tmp" && apt-get download -qq librust-blake3-dev 2>/dev/null); then
    as_root apt-get update -qq
    (cd "$tmp" && apt-get download -qq librust-blake3-dev) || fail "cannot download librust-blake3-dev"
  fi
  dpkg-deb -x "$tmp"/librust-blake3-dev_*.deb "$deps"
fi

# For arm64 only what signer and p2p/rlpx link: unpacked into build/deps/arm64 and not installed. The system's own
# package lists stay as they are: apt gets a state directory of its own for this.
arm64_packages=(libabsl-dev libabsl20220623 libssl-dev libssl3 libsodium-dev libsodium23 libsecp256k1-dev libsecp256k1-1
  libsnappy-dev libsnappy1v5 libgtest-dev libgmock-dev googletest nlohmann-json3-dev)
unpack_arm64() {
  local root=$PWD/$deps/arm64 state apt
  state=$(mktemp -d)
  chmod 755 "$state"
  mkdir -p "$state"/{lists,archives}/partial
  apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$state"
    -o Dir::State::status=/dev/null -o Dir::Cache="$state" -o APT::Sandbox::User=)
  echo "setup.sh: unpacking arm64 libraries into $deps/arm64"
  "${apt[@]}" update >/dev/null 2>&1 || true  # where a source has no arm64; what is needed and missing fails below
  (cd "$state/archives" && "${apt[@]}" download "${arm64_packages[@]}" >/dev/null) ||
    { rm -rf "$state"; fail "cannot download the arm64 packages: ${arm64_packages[*]}"; }
  rm -rf "$root"
  mkdir -p "$root"
  local package
  for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  rm -rf "$state"
  # The one that has paths of an installed package in it.
  sed -i "s#\"/usr#\"$root/usr#" "$root"/usr/lib/aarch64-linux-gnu/cmake/Snappy/SnappyTargets*.cmake
  echo "$root ${arm64_packages[*]}" >"$root/unpacked"
}
if [ "$level" = ci ] && [ "$(uname -m)" = x86_64 ] &&
    [ "$(cat $deps/arm64/unpacked 2>/dev/null)" != "$PWD/$deps/arm64 ${arm64_packages[*]}" ]; then
  unpack_arm64
fi

for tool in cmake ninja c++ protoc grpc_cpp_plugin python3; do
  command -v "$tool" >/dev/null || fail "$tool is installed but not on the PATH: add its directory (Debian: /usr/bin) to PATH"
done
