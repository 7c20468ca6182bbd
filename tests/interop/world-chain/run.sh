#!/usr/bin/env bash
# Builds World Chain's own p2p protocol handler on reth's network manager (peer/) and runs world_chain_test.go with it
# against flblkd. Needs Rust >= 1.95, Go >= 1.24, libclang, and the sources of both; the first build takes 20 minutes.
#   WORLD_CHAIN_SRC, RETH_SRC  checkouts of the revisions below; default: fetched from GitHub into build/world-chain
#   FLBLKD                     program under test; default build/release/plugin/flblkd
#   Arguments go to `go test`, e.g. -run TestWorldChainRelays -v
set -euo pipefail
cd "$(dirname "$0")/../../.."
world_chain=https://github.com/worldcoin/world-chain world_chain_revision=f589f8a5c4ba020bfd43acf07d142067f56efcef
reth=https://github.com/paradigmxyz/reth reth_revision=v2.4.0 # what op-rs/reth, World Chain's, was forked from

fail() { echo "FAILED: tests/interop/world-chain: $1" >&2; exit 1; }
command -v cargo >/dev/null || fail "cargo (Rust >= 1.95) is not installed"
command -v go >/dev/null || fail "Go >= 1.24 is not installed"
export FLBLKD=${FLBLKD:-$PWD/build/release/plugin/flblkd}
[ -x "$FLBLKD" ] || fail "$FLBLKD is missing: build the target flblkd or set FLBLKD"
if [ -z "${LIBCLANG_PATH:-}" ]; then
  libclang=$(compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' | head -1) || fail "libclang is missing: apt-get install libclang1"
  export LIBCLANG_PATH=${libclang%/*}
fi

# sources NAME URL REVISION
sources() {
  local dir=build/world-chain/$1
  if [ ! -d "$dir/.git" ]; then
    git init -q "$dir"
    git -C "$dir" fetch -q --depth 1 "$2" "$3" && git -C "$dir" checkout -q FETCH_HEAD ||
      { rm -rf "$dir"; fail "cannot fetch $2 at $3; set WORLD_CHAIN_SRC and RETH_SRC to checkouts"; }
  fi
  echo "$dir"
}
mkdir -p build/world-chain
WORLD_CHAIN_SRC=${WORLD_CHAIN_SRC:-$(sources src-world-chain $world_chain $world_chain_revision)}
RETH_SRC=${RETH_SRC:-$(sources src-reth $reth $reth_revision)}
workspace=${WORLD_CHAIN_BUILD:-build/world-chain/workspace}
python3 tests/interop/world-chain/assemble.py "$WORLD_CHAIN_SRC" "$RETH_SRC" "$workspace"
[ -f "$workspace/Cargo.lock" ] || cp "$WORLD_CHAIN_SRC/Cargo.lock" "$workspace/"
cargo build --quiet --manifest-path "$workspace/Cargo.toml" -p world-chain-peer
WORLD_CHAIN_PEER=$(realpath "$workspace/target/debug/world-chain-peer")
export WORLD_CHAIN_PEER GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=readonly"
cd tests/interop
go test . -tags worldchain -count=1 -timeout 300s -run 'WorldChain' "$@"
