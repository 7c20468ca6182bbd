#!/usr/bin/env bash
# Installs the release build into an empty prefix and uses what was installed as a stranger would: through the CMake
# package, through pkg-config, by compiling the examples and the README's lines, and by running the installed programs.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build build/release >build/install.log 2>&1 || { tail -n 40 build/install.log; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
cmake --install build/release --prefix "$prefix" >/dev/null
lib=$(dirname "$(find "$prefix" -name libflblk.so | head -1)")
[ -n "$lib" ] || { echo "install: libflblk.so is not installed" >&2; exit 1; }

cmake -S tests/install/consumer -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer"

export PKG_CONFIG_PATH=$lib/pkgconfig
cc tests/install/consumer/main.c $(pkg-config --cflags --libs flblk) -Wl,-rpath,"$lib" -o "$work/by-pkg-config"
"$work/by-pkg-config"

# The examples and the README's C++ lines see nothing but what is installed.
flags=$(pkg-config --cflags flblk)
cc -std=c99 -Wall -Wextra -Werror $flags examples/c_host/main.c -ldl -o "$work/c_host"
c++ -std=c++20 -Wall -Wextra -Werror $flags examples/cpp_builder/*.cc -ldl -pthread -o "$work/cpp_builder"
{
  echo '#include <cstdio>
#include <cstdlib>
#include <string>'
  sed -n '/^```cpp$/,/^```$/{/^#include/p}' README.md
  echo '[[noreturn]] static void die(const char* why) { std::puts(why); std::exit(1); }
static void warn(const char* why) { std::puts(why); }
int main() { const std::string toml = "no_such_setting = 1";'
  sed -n '/^```cpp$/,/^```$/{/^```/d;/^#include/d;p}' README.md
  echo '}'
} >"$work/readme.cc"
grep -q 'api->publish(' "$work/readme.cc" || { echo "install: README.md has no C++ lines" >&2; exit 1; }
c++ -std=c++20 -Wall -Wextra -Werror "$work/readme.cc" $flags $(pkg-config --libs flblk) -Wl,-rpath,"$lib" -o "$work/readme"
said=$("$work/readme") && { echo "install: README.md's C++ lines accept a wrong setting" >&2; exit 1; }
case $said in *no_such_setting*) ;; *) echo "install: README.md's C++ lines say '$said'" >&2; exit 1 ;; esac

unit=$prefix/lib/systemd/system/flblkd.service
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
[ -x "$program" ] || { echo "install: $unit starts '$program', which is not there" >&2; exit 1; }
if command -v systemd-analyze >/dev/null; then systemd-analyze verify "$unit"; fi
grep -q '^u flblkd ' "$prefix/lib/sysusers.d/flblkd.conf"
"$prefix/bin/flblkd" --config "$prefix/share/flblk/flblkd.toml" --dump-config >/dev/null
[ -s "$prefix/share/flblk/flblk-alerts.yml" ]

"$prefix/bin/flblkd" --version
"$prefix/bin/flblkctl" --version
if ldd "$prefix/bin/flblkd" "$lib/libflblk.so" | grep 'not found'; then
  echo "install: a shared library is missing" >&2; exit 1
fi
echo "install: package, pkg-config file and programs work from an empty prefix"
