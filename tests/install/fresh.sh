#!/usr/bin/env bash
# The README's two commands on an empty Debian 12: debootstrap's minimal system, this checkout's HEAD, nothing else.
# Needs root, debootstrap, the network for packages, 4 GB of disk and 20 minutes on two cores.
#   tests/install/fresh.sh [--whole] [--system FILE]
#     --whole    both commands without --quick
#     --system   a tar of the empty system; made there where it does not exist, so that the next run needs no debootstrap
#   DEBIAN_MIRROR  where debootstrap gets its packages; default http://deb.debian.org/debian
set -euo pipefail
cd "$(dirname "$0")/../.."
options=(--quick --json) system=
while [ $# -gt 0 ]; do
  case $1 in
    --whole) options=(--json) ;;
    --system) [ $# -gt 1 ] || { echo "fresh.sh: --system needs a file" >&2; exit 2; }; system=$2; shift ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "fresh.sh: unknown option '$1' (--whole, --system FILE)" >&2; exit 2 ;;
  esac
  shift
done
fail() { echo "fresh.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "run as root: it makes a chroot"
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

root=$(mktemp -d /var/tmp/flblk-fresh.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
if [ -n "$system" ] && [ -f "$system" ]; then
  tar -xf "$system" -C "$root"
else
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log"; fail "debootstrap failed"; }
  rm -f "$root.log"
  [ -z "$system" ] || tar -cf "$system" -C "$root" .
fi
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
# What lets apt reach its mirror from here, where that takes settings.
grep -lsE '^ *Acquire::' /etc/apt/apt.conf.d/* | grep -v docker | xargs -r cp -t "$root/etc/apt/apt.conf.d/" || true
mkdir -p "$root/root/flblk"
git archive HEAD | tar -x -C "$root/root/flblk"

# A mount namespace of its own: what is mounted in it ends with it.
inside() {
  unshare --mount --pid --fork sh -c '
    mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' \
    "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
}
for command in examples/demo.sh tests/run.sh; do
  echo "=== $command ${options[*]}"
  begin=$SECONDS
  inside /root/flblk/"$command" "${options[@]}" || fail "$command failed on an empty Debian 12"
  echo "=== $command ok ($((SECONDS - begin)) s)"
done
