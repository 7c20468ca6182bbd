#!/usr/bin/env bash
# Real processes that fail: the active builder is killed, frozen and thawed, cut off and joined again, restarted, or
# hands over, in the middle of a block, at the boundary and while the other waits. Two clusters run at the same time,
# one with takeover_after, one without. Exit code 0 only where every goal holds (README.md lists them).
#
#   tests/harness/failures.sh [--repeats N] [--clusters N] [--seed N] [--nightly] [--build DIR] [--report FILE]
#     --repeats    how often each case comes in each cluster (10; about 7 minutes)
#     --clusters   clusters of each kind, with seeds of their own (1)
#     --nightly    --repeats 50 --clusters 2: each case 100 times with and without takeover_after, about 35 minutes
#     --build      the build tree with flblkd and flblk-harness (build/release)
#     --report     the tables as Markdown there too
#
# Partitions need network namespaces (root). Where they are not possible those cases are a loud SKIPPED, or an error
# with REQUIRE_NETNS=1.
set -euo pipefail
cd "$(dirname "$0")/../.."

repeats=10 clusters=1 seed=1 build=build/release report=
while [ $# -gt 0 ]; do
  case $1 in
    --nightly) repeats=50 clusters=2; shift; continue ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    --repeats|--clusters|--seed|--build|--report) [ $# -gt 1 ] || { echo "failures.sh: $1 needs a value" >&2; exit 2; } ;;
    *) echo "failures.sh: unknown option '$1' (--help lists them)" >&2; exit 2 ;;
  esac
  case $1 in
    --repeats|--clusters|--seed) case $2 in
      ''|*[!0-9]*) echo "failures.sh: $1 needs a whole number, not '$2'" >&2; exit 2 ;;
    esac ;;
  esac
  case $1 in
    --repeats) repeats=$2 ;;
    --clusters) clusters=$2 ;;
    --seed) seed=$2 ;;
    --build) build=$2 ;;
    --report) report=$2 ;;
  esac
  shift 2
done
harness=$build/tests/harness/flblk-harness flblkd=$build/plugin/flblkd
for program in "$harness" "$flblkd"; do
  [ -x "$program" ] || { echo "failures.sh: $program is missing; build flblkd and flblk_harness" >&2; exit 2; }
done
netns=auto
[ "${REQUIRE_NETNS:-0}" != 1 ] || netns=on

logs=$(mktemp -d)
pids=()
end() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$logs"
}
trap end EXIT
trap 'exit 130' INT TERM
for ((i = 0; i < clusters; ++i)); do
  for takeover in 200 0; do
    name=$takeover-$((seed + i))
    "$harness" --flblkd "$flblkd" --slot-ms 700 --interval-ms 50 --takeover-after-ms "$takeover" --netns "$netns" \
      --campaign "$repeats" --seed $((seed + i)) --report "$logs/$name.json" >"$logs/$name.log" 2>&1 &
    pids+=($!)
  done
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
pids=()

grep -h '^SKIPPED' "$logs"/*.log | sort -u || true
for log in "$logs"/*.log; do
  [ -s "${log%.log}.json" ] || { failed=1; echo "FAILED: $(basename "$log" .log) made no report:"; tail -n 20 "$log"; }
done
shopt -s nullglob
reports=("$logs"/*.json)
if [ ${#reports[@]} -gt 0 ]; then
  /usr/bin/python3 tests/harness/failures.py "${reports[@]}" >"$logs/tables" || failed=1
  cat "$logs/tables"
  [ -z "$report" ] || cp "$logs/tables" "$report"
fi
[ $failed = 0 ] && echo "PASSED" || echo "FAILED"
exit $failed
