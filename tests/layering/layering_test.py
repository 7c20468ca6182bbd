#!/usr/bin/env python3
"""Holds every #include and every link of the pure layers against the table of layers.

Each folder may include from its own layer and from those listed; system headers that stand for I/O, clocks or
threads are refused in the pure layers. Exit 1 lists each violation as file:line.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

# layer -> project folders its shipped code may include (its own is implied)
LAYERS = {
    "signer": [],
    "p2p/wire": ["signer"],
    "p2p/rlpx": ["p2p/wire", "signer"],
    "p2p/core": ["p2p/wire", "signer"],
    "p2p/net": ["p2p/core", "p2p/rlpx", "p2p/wire", "signer"],
    "plugin": ["p2p/net", "p2p/core", "p2p/rlpx", "p2p/wire", "signer", "proto", "flblk/v1", "grpc"],
}
# layer -> third-party include prefixes it may use
THIRD_PARTY = {
    "signer": ["absl/", "sodium", "openssl/", "blake3.h"],
    "p2p/wire": ["absl/", "nlohmann/"],
    "p2p/rlpx": ["absl/", "openssl/", "secp256k1", "snappy", "sodium"],
    "p2p/core": ["absl/"],
    "p2p/net": ["absl/", "boost/", "glog/"],
    "plugin": ["absl/", "boost/", "glog/", "grpcpp/", "grpc/", "openssl/", "google/protobuf/", "prometheus/", "toml++/",
               "nlohmann/"],
}
PURE = {"signer", "p2p/wire", "p2p/rlpx", "p2p/core"}
# C and C++ headers the pure layers have no business with; key files are signer's and rlpx's one exception.
IMPURE = {"thread", "mutex", "condition_variable", "future", "shared_mutex", "iostream", "fstream", "sys/socket.h",
          "netinet/in.h", "arpa/inet.h", "poll.h", "sys/epoll.h", "pthread.h", "unistd.h", "fcntl.h", "sys/stat.h",
          "sys/time.h", "time.h", "ctime"}
KEY_FILES = {"signer/key_file.cc", "signer/secret_file.cc"}
ALL_PROJECT = ["signer/", "p2p/", "plugin/", "proto/", "flblk/", "examples/", "tests/"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    return max((l for l in LAYERS if path.startswith(l + "/")), key=len, default=None)


def is_test(path):
    return path.endswith(("_test.cc", "_test.h")) or "/test_" in path or "/testing/" in path


def check(path, layer, line_no, header, quoted=True):
    where = f"{path}:{line_no}"
    if any(header.startswith(p) for p in ALL_PROJECT):
        allowed = [layer] + LAYERS[layer]
        if not any(header.startswith(a + "/") for a in allowed):
            return f"{where}: {layer} may not include {header}"
        return None
    if quoted and "/" not in header and (pathlib.Path(ROOT, layer, header)).exists():
        return f"{where}: include {header} by its path from the root"
    if any(header.startswith(p) for p in THIRD_PARTY[layer]):
        return None
    if layer in PURE and header in IMPURE and path not in KEY_FILES:
        return f"{where}: {layer} is pure and may not include <{header}>"
    third_party = any(header.startswith(p) for ps in THIRD_PARTY.values() for p in ps)
    if third_party:
        return f"{where}: {layer} may not use {header}"
    return None


def self_test():
    """The check itself must be able to fail: each of these includes is a violation."""
    bad = [("p2p/core/a.cc", "p2p/core", "p2p/rlpx/session.h"), ("signer/a.cc", "signer", "p2p/wire/rlp.h"),
           ("p2p/wire/a.cc", "p2p/wire", "thread"), ("p2p/net/a.cc", "p2p/net", "grpcpp/grpcpp.h"),
           ("p2p/net/a.cc", "p2p/net", "plugin/flblk.h"), ("p2p/core/a.cc", "p2p/core", "glog/logging.h")]
    return [f"self test: {b[0]} including {b[2]} was not refused" for b in bad if check(*b[:2], 1, b[2]) is None]


def main():
    violations, seen = self_test(), 0
    for layer in LAYERS:
        for file in sorted(pathlib.Path(ROOT, layer).rglob("*")):
            path = str(file.relative_to(ROOT))
            if file.suffix not in (".h", ".cc", ".c") or layer_of(path) != layer or is_test(path):
                continue
            seen += 1
            for n, line in enumerate(file.read_text().splitlines(), 1):
                m = INCLUDE.match(line)
                if m and (v := check(path, layer, n, m.group(2), m.group(1) == '"')):
                    violations.append(v)
    print("\n".join(violations) if violations else f"{seen} files, every include stays in its layer")
    return 1 if violations or seen == 0 else 0


sys.exit(main())
