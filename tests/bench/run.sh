#!/usr/bin/env bash
# The performance goals, each as ratios measured in one run: goal | case | target | measured | result.
#   tests/bench/run.sh [--quick] [--json] [--check] [--write-baseline] [--build DIR]
# --quick: the cases that matter most, within 2 minutes (else 10). --check: fails where a ratio is more than 25 % worse
# than in baseline.json, measured up to four times. --build: a build tree of its own (build/release). See README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
quick=() report=(--baseline tests/bench/baseline.json) check=0 times=1 build=build/release
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=(--quick) ;;
    --json) report+=(--json) ;;
    --check) check=1 report+=(--check) ;;
    --write-baseline) times=3 report+=(--write) ;;
    --build) [ $# -gt 1 ] || { echo "run.sh: --build needs a directory" >&2; exit 2; }; build=$2; shift ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option '$1' (--quick, --json, --check, --write-baseline, --build DIR)" >&2; exit 2 ;;
  esac
  shift
done
top=$PWD
rows=$(mktemp); trap 'rm -f "$rows"' EXIT
mkdir -p "$build"
log=$build/bench-build.log
[ -f "$build/build.ninja" ] || cmake --preset release -B "$build" >"$log" 2>&1 || { cat "$log"; exit 1; }
cmake --build "$build" --target flblk_goals flblk_host_goals flblkd -j "$(nproc)" >"$log" 2>&1 || { tail -n 50 "$log"; exit 1; }

# One go-ethereum sender and one flblkd, the same work, CPU time per delivered message. Some fifty handshakes between three
# processes: where a busy machine lets one of them time out, once more.
peers() {
  (cd tests/bench/peers && "$top/$build/tests/bench/peers" -flblkd "$top/$build/plugin/flblkd" -n "$1" -size "$2" \
    -count "$3" -pace "$4" -limit 15s -json 2>>"$top/$log")
}
# beside_geth GOAL N SIZE CASE MESSAGES EVERY: so seldom that neither sender falls behind
beside_geth() {
  local row="\"goal\":$1,\"name\":\"CPU time of go-ethereum, $4\",\"target\":5,\"at_least\":true" out
  if ! command -v go >/dev/null; then
    echo "{$row,\"ratio\":null,\"note\":\"Go is not installed\"}"
  elif ! (cd tests/bench/peers && go build -o "$top/$build/tests/bench/peers" .) >>"$log" 2>&1; then
    echo "{$row,\"ratio\":null,\"note\":\"the Go program does not build here, see $log\"}"
  elif ! out=$(peers "$2" "$3" "$5" "$6" || peers "$2" "$3" "$5" "$6"); then
    echo "{$row,\"ratio\":null,\"note\":\"tests/bench/peers failed, see $log\"}"
  else
    echo "{$row,\"ratio\":$(sed 's/.*"ratio_cpu":\([0-9.]*\).*/\1/' <<<"$out"),\"note\":\"\"}"
  fi
}
# The goal, and beside it (0) what it is at other sizes and numbers of peers.
all_beside_geth() {
  if [ ${#quick[@]} -gt 0 ]; then beside_geth 7 50 100000 "50 x 100 KB" 20 50ms; return; fi
  beside_geth 7 50 100000 "50 x 100 KB" 60 50ms
  beside_geth 0 50 1000 "50 x 1 KB" 60 50ms
  beside_geth 0 50 10000 "50 x 10 KB" 60 50ms
  beside_geth 0 50 1000000 "50 x 1 MB" 10 300ms
  beside_geth 0 1 100000 "1 x 100 KB" 60 50ms
  beside_geth 0 10 100000 "10 x 100 KB" 60 50ms
  beside_geth 0 200 100000 "200 x 100 KB" 30 150ms
}

# measure [GOAL ...]: all, or these.
measure() {
  local own=() host=0 geth=0 g
  [ $# -gt 0 ] || { host=1; geth=1; }
  for g in "$@"; do
    case $g in 5) host=1 ;; 7) geth=1 ;; *) own+=("$g") ;; esac
  done
  if [ $# -eq 0 ] || [ ${#own[@]} -gt 0 ]; then "$build/tests/bench/flblk-goals" "${quick[@]}" "${own[@]}"; fi
  [ $host -eq 0 ] || "$build/tests/bench/flblk-host-goals" "${quick[@]}" "$build/plugin/libflblk.so"
  [ $geth -eq 0 ] || all_beside_geth
}

chrt -r 1 true 2>/dev/null || report+=(--without-priority)
for ((i = 0; i < times; ++i)); do measure >>"$rows"; done
# What got worse is measured again, on a busy machine perhaps at a better moment: the best of four counts.
for ((i = 0; check && i < 3; ++i)); do
  again=$(python3 tests/bench/report.py "${report[@]/--check/--regressed}" <"$rows")
  [ -n "$again" ] || break
  # shellcheck disable=SC2086
  measure $again >>"$rows"
done
python3 tests/bench/report.py "${report[@]}" <"$rows"
