#!/usr/bin/env bash
# Builds the libFuzzer targets with clang, address and undefined-behaviour sanitizers, and runs each for a bounded
# time. A crash leaves its input in build/fuzz/artifacts and names it.
#   tests/fuzz/run.sh [--seconds N per target, default 20]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=20
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:-}; shift $(($# > 1 ? 2 : 1))
      case $seconds in ''|*[!0-9]*) echo "run.sh: --seconds needs a whole number, not '$seconds'" >&2; exit 2 ;; esac ;;
    *) echo "run.sh: unknown option '$1' (--seconds N)" >&2; exit 2 ;;
  esac
done
command -v clang++-14 >/dev/null || { echo "run.sh: clang++-14 is missing: run tests/setup.sh ci" >&2; exit 1; }
dir=build/fuzz
mkdir -p "$dir"
{
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFLBLK_FUZZ=ON -DFLBLK_SANITIZE=address,undefined \
    -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14
  cmake --build "$dir" --target fuzzers
} >"$dir/build.log" 2>&1 || { tail -n 60 "$dir/build.log"; exit 1; }
mkdir -p "$dir/artifacts"
ran=0
for target in "$dir"/tests/fuzz/*_fuzz; do
  name=$(basename "$target")
  corpus="$dir/corpus/$name"
  mkdir -p "$corpus"
  seeds="tests/fuzz/corpus/$name"
  [ -d "$seeds" ] || seeds=""
  if ! "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
      -artifact_prefix="$dir/artifacts/$name-" "$corpus" ${seeds:+"$seeds"} >"$dir/$name.log" 2>&1; then
    tail -n 40 "$dir/$name.log"
    echo "fuzz: $name FAILED; replay: $target $(ls -t "$dir"/artifacts/"$name"-* | head -1)"
    exit 1
  fi
  echo "fuzz: $name $(grep -o 'number_of_executed_units: .*' "$dir/$name.log" | grep -o '[0-9]*') runs, no finding"
  ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "fuzz: no target was built" >&2; exit 1; }
