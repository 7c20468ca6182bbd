#!/usr/bin/env bash
# All tests on one machine: installs what is missing, configures, builds, runs the unit tests, the foreign-peer suite
# a short run of the synthetic block driver and one failure of each kind. One summary at the end; exit code 0 only where nothing failed.
#
#   tests/run.sh [--json] [--quick] [--preset release|dev|asan|tsan]
#     --json    the summary as one line of JSON at the end
#     --quick   without the tests labelled "slow" and the failures, and a shorter harness run
#     --preset  which build tree (default release)
set -euo pipefail
cd "$(dirname "$0")/.."

json=0 quick=0 preset=release
while [ $# -gt 0 ]; do
  case $1 in
    --json) json=1 ;;
    --quick) quick=1 ;;
    --preset) [ $# -gt 1 ] || { echo "run.sh: --preset needs a name" >&2; exit 2; }; preset=$2; shift ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option '$1' (--json, --quick, --preset NAME)" >&2; exit 2 ;;
  esac
  shift
done
case $preset in
  release|dev|asan|tsan) ;;
  *) echo "run.sh: unknown preset '$preset' (release, dev, asan or tsan)" >&2; exit 2 ;;
esac

build=build/$preset
logs=$build/run-logs
mkdir -p "$logs"
names=() results=() times=() failed=0

# step NAME COMMAND...: runs it with its output in a log; a failure shows the log's end. A command whose output has
# a line that begins with "SKIPPED" was skipped, loudly.
step() {
  local name=$1 begin=$SECONDS result=passed
  shift
  printf '%-12s' "$name"
  if ! "$@" >"$logs/$name.log" 2>&1; then
    result=failed
    failed=1
  elif grep -q '^SKIPPED' "$logs/$name.log"; then
    result=skipped
  fi
  printf '%-8s %5d s\n' "$result" $((SECONDS - begin))
  case $result in
    failed) tail -n 40 "$logs/$name.log" | sed 's/^/  | /'; echo "  whole log: $logs/$name.log" ;;
    skipped) grep '^SKIPPED' "$logs/$name.log" | sed 's/^/  /' ;;
  esac
  names+=("$name") results+=("$result") times+=($((SECONDS - begin)))
  [ $result != failed ]
}

unit_tests() {
  local options=()
  [ $quick = 0 ] || options=(-LE slow)
  ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "${options[@]}"
}

interop() { FLBLKD=$PWD/$build/plugin/flblkd tests/interop/run.sh; }

harness() {
  local plan=(--blocks 12 --script "2.4 active graceful; 5.5 active restart 1000ms; 9 active graceful")
  [ $quick = 0 ] || plan=(--blocks 6 --script "1.4 active graceful; 3.5 active kill")
  "$build"/tests/harness/flblk-harness --flblkd "$build"/plugin/flblkd --slot-ms 1000 --interval-ms 100 \
    --takeover-after-ms 200 --recorded tests/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json \
    --report "$logs/harness.json" "${plan[@]}"
}

failures() { tests/harness/failures.sh --repeats 1 --build "$build"; }

# Sets tests_passed and tests_failed from what ctest wrote.
count_tests() {
  tests_passed=0 tests_failed=0
  local line
  line=$(grep -E '[0-9]+% tests passed' "$logs/ctest.log" 2>/dev/null) || return 0
  tests_failed=$(sed -E 's/.*passed, ([0-9]+) tests? failed.*/\1/' <<<"$line")
  tests_passed=$(($(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$line") - tests_failed))
}

summary_json() {
  local i steps= separator=
  for i in "${!names[@]}"; do
    steps+="$separator{\"name\":\"${names[i]}\",\"result\":\"${results[i]}\",\"seconds\":${times[i]}}"
    separator=,
  done
  printf '{"ok":%s,"preset":"%s","seconds":%d,"tests_passed":%d,"tests_failed":%d,"steps":[%s],"harness":%s}\n' \
    "$([ $failed = 0 ] && echo true || echo false)" "$preset" "$SECONDS" "$tests_passed" "$tests_failed" "$steps" \
    "$([ -s "$logs/harness.json" ] && cat "$logs/harness.json" | tr -d '\n' || echo null)"
}

rm -f "$logs"/*
if step setup tests/setup.sh test &&
    step configure cmake --preset "$preset" -DFLBLK_TESTS=ON -DFLBLK_HARNESS=ON &&
    step build cmake --build "$build"; then
  step ctest unit_tests || true
  step interop interop || true
  step harness harness || true
  [ $quick = 1 ] || step failures failures || true
fi
count_tests
echo
echo "$tests_passed tests passed, $tests_failed failed; $([ $failed = 0 ] && echo PASSED || echo FAILED) in $SECONDS s"
[ $json = 0 ] || summary_json
exit "$failed"
