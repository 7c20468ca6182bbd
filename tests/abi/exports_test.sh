#!/usr/bin/env bash
# exports_test.sh libflblk.so: exactly two symbols, never unmapped, complete.
set -euo pipefail
so=$1
symbols=$(nm -D --defined-only "$so" | awk '{print $2, $3}' | sort)
expected=$'T flblk_abi_version\nT flblk_get_api'
[ "$symbols" = "$expected" ] || { echo "exported symbols of $so:"; echo "$symbols"; exit 1; }
readelf -d "$so" | grep -q NODELETE || { echo "$so is not marked nodelete"; exit 1; }
readelf -d "$so" | grep -q 'SONAME.*\[libflblk.so.1\]' || { echo "$so has another soname"; exit 1; }
if readelf -d "$so" | grep -q 'libprotobuf\.so'; then
  echo "$so needs protobuf's full runtime, whose registry it would share with the host"; exit 1
fi
