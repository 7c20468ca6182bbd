#!/usr/bin/env bash
# The hand-off, searched and simulated; README.md here says how to read what it prints.
#
#   tests/sim/run.sh [--quick|--ci|--nightly] [--build BUILD-DIR]
#     --quick     the smallest models and 2,000 schedules: a minute
#     --ci        every model (two of three builders for 20 s only); every deliberate fault; 100,000 schedules (default)
#     --nightly   the same, one to the end, one as deep as 15 GB or 10 minutes allow; 1,000,000 schedules of new seeds
#   SIM_SEED      the first seed of --nightly; default: one that is new each day
set -euo pipefail
cd "$(dirname "$0")/../.."

mode=ci build=build/release
while [ $# -gt 0 ]; do
  case $1 in
    --quick|--ci|--nightly) mode=${1#--} ;;
    --build) [ $# -gt 1 ] || { echo "run.sh: --build needs a directory" >&2; exit 2; }; build=$2; shift ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option '$1' (--quick, --ci, --nightly, --build DIR)" >&2; exit 2 ;;
  esac
  shift
done

[ -f "$build/build.ninja" ] || cmake --preset release >/dev/null
cmake --build "$build" --target flblk_search flblk_sim >/dev/null
search=$build/tests/sim/flblk_search sim=$build/tests/sim/flblk_sim failed=0

# part NAME COMMAND...
part() {
  local name=$1 begin=$SECONDS
  shift
  echo "--- $name: $*"
  "$@" || { echo "--- $name FAILED"; failed=1; }
  echo "--- $name took $((SECONDS - begin)) s"
}

# The search has one thread: the deliberate faults go beside it.
searched() {
  local log=$build/tests/sim/search.log pid
  "$@" >"$log" 2>&1 &
  pid=$!
  part faults tests/sim/mutants.py --build-dir "$build" --jobs 1
  echo "--- search: $*"
  wait "$pid" || { failed=1; echo "--- search FAILED"; }
  cat "$log"
}

case $mode in
  quick)
    for model in graceful-2 late-2 leave-2 mixed-low mixed-high graceful-3; do part "$model" "$search" --set $model; done
    part schedules "$sim" --schedules 2000
    ;;
  ci)
    searched "$search" --set ci
    part schedules "$sim" --schedules 100000
    ;;
  nightly)
    searched "$search" --set nightly
    part schedules "$sim" --schedules 1000000 --seconds 36000 --seed "${SIM_SEED:-$(($(date +%s) / 86400 * 10000000))}"
    ;;
esac
exit "$failed"
