#!/usr/bin/env bash
# Two builders, a relay and two subscribers as separate processes on loopback. First a recorded Unichain block, then
# 30 s of synthetic blocks: a graceful failover in the middle of a block, then the active builder is killed with
# SIGKILL in the middle of a block and the other goes on. Ends with a report; exit code 0 only where nothing was lost
# or out of order outside the killed builder's own unsent deltas.
#
#   examples/demo.sh [--json] [--quick] [--takeover-after-ms T]
#     --json                the report as one line of JSON at the end
#     --quick               about 12 s instead of 35
#     --takeover-after-ms   how long a waiting builder endures silence before it takes over in the same block;
#                           0: it waits for the next block (default 400, with --quick 200)
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "demo.sh: $*" >&2; exit 1; }

json=0 quick=0 takeover=
while [ $# -gt 0 ]; do
  case $1 in
    --json) json=1 ;;
    --quick) quick=1 ;;
    --takeover-after-ms) takeover=${2:-}; shift $(($# > 1))
      case $takeover in
        ''|*[!0-9]*) echo "demo.sh: --takeover-after-ms needs a whole number, not '$takeover'" >&2; exit 2 ;;
      esac ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option '$1' (--json, --quick, --takeover-after-ms T)" >&2; exit 2 ;;
  esac
  shift
done

tests/setup.sh build

log=build/demo-build.log
mkdir -p build
# A tree that was configured before keeps its choice about the tests.
tests=-DFLBLK_TESTS=OFF
[ ! -f build/release/CMakeCache.txt ] || tests=
echo "demo.sh: building (log in $log)"
if ! { cmake --preset release $tests -DFLBLK_HARNESS=ON && cmake --build build/release --target flblkd flblk_harness; } \
    >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  fail "the build failed; the whole log is in $log"
fi

recorded=tests/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json
hash=0xc463a3120c35268f610d969f5608b479332ef10953af77c7a6be806195831196
report=$(mktemp)
trap 'rm -f "$report"' EXIT
if [ $quick = 1 ]; then
  plan=(--slot-ms 1000 --interval-ms 100 --blocks 10 --script "3.4 active graceful; 6.5 active kill")
  takeover=${takeover:-200}
else
  plan=(--slot-ms 2000 --interval-ms 200 --blocks 16 --script "5.4 active graceful; 10.5 active kill")
  takeover=${takeover:-400}
fi
status=0
build/release/tests/harness/flblk-harness --flblkd build/release/plugin/flblkd --recorded "$recorded" "${plan[@]}" \
  --builders 2 --relays 1 --subscribers 2 --takeover-after-ms "$takeover" --report "$report" || status=$?
[ -s "$report" ] || exit "$status"

# The recorded block, reduced to one payload at both subscribers, must be the block that Unichain sealed.
for subscriber in S1 S2; do
  expected="{\"node\":\"$subscriber\",\"block_hash\":\"$hash\",\"transactions\":6,\"gas_used\":$((0x32138))}"
  if ! grep -qF "$expected" "$report"; then
    echo "FAILED  the recorded block at $subscriber is not $hash with 6 transactions and gas 0x32138" >&2
    status=1
  fi
done
[ $json = 0 ] || cat "$report"
exit "$status"
