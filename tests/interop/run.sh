#!/usr/bin/env bash
# Runs the foreign-peer suite against flblkd.
#   FLBLKD           path of the program; default build/release/plugin/flblkd
#   REQUIRE_INTEROP  1: a missing Go is a failure instead of a loud skip
#   Arguments go to `go test`, e.g. -run TestGracefulLeave -v
set -euo pipefail
[ -z "${FLBLKD:-}" ] || export FLBLKD="$(realpath -m "$FLBLKD")"
cd "$(dirname "$0")"

min_minor=24
limit=300 # seconds, everything included

skip() {
  if [ "${REQUIRE_INTEROP:-0}" = 1 ]; then
    echo "FAILED: tests/interop: $1" >&2
    exit 1
  fi
  echo "SKIPPED: tests/interop: $1"
  exit 0
}

go=$(command -v go || true)
[ -n "$go" ] || [ ! -x /usr/local/go/bin/go ] || go=/usr/local/go/bin/go
[ -n "$go" ] || skip "Go >= 1.$min_minor is not installed"
version=$("$go" env GOVERSION)
minor=$(sed -n 's/^go1\.\([0-9]*\).*/\1/p' <<<"$version")
[ "${minor:-0}" -ge "$min_minor" ] || skip "Go >= 1.$min_minor is needed, $go is ${version:-unknown}"

export GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=readonly"
"$go" mod download || skip "the Go modules cannot be downloaded and are not in the module cache"
unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l .)
[ -z "$unformatted" ] || { echo "FAILED: tests/interop: not formatted by gofmt: $unformatted" >&2; exit 1; }
"$go" vet ./...

# A process group of its own, so that the time limit ends the tests and every node they started, by id.
set -m
"$go" test ./... -count=1 -timeout "${limit}s" "$@" &
tests=$!
trap 'kill -TERM -- "-$tests" 2>/dev/null || true' EXIT INT TERM
status=0
wait "$tests" || status=$?
exit "$status"
