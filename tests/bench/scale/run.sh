#!/usr/bin/env bash
# The whole study: builds flblk-scale, simulates every case (a few minutes), draws the plots.
#   tests/bench/scale/run.sh [--measure] [--plots]
#     --measure  also measures costs.json anew on this machine
#     --plots    only draws, from the results.json that is there
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=tests/bench/scale build=build/release measure=0 plots=0
for a in "$@"; do
  case $a in
    --measure) measure=1 ;;
    --plots) plots=1 ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option '$a' (--measure, --plots)" >&2; exit 2 ;;
  esac
done
if [ $plots = 0 ]; then
  targets=(flblk_scale)
  [ $measure = 0 ] || targets+=(flblk_scale_costs)
  log=$build/scale-build.log
  mkdir -p "$build"
  [ -f "$build/build.ninja" ] || cmake --preset release >"$log" 2>&1 || { cat "$log"; exit 1; }
  cmake --build "$build" --target "${targets[@]}" >"$log" 2>&1 || { tail -n 50 "$log"; exit 1; }
  if [ $measure = 1 ]; then
    "$build/$here/flblk-scale-costs" >"$build/costs.json"
    mv "$build/costs.json" $here/costs.json
  fi
  python3 $here/study.py "$build/$here/flblk-scale" $here/costs.json $here/results.json
fi
python3 $here/plot.py $here/costs.json $here/results.json $here
