"""Python stubs of flblk/v1, made on first use by protoc with Debian's grpc_python_plugin.

    import flblk_stubs
    types, builder, builder_grpc, admin, admin_grpc = flblk_stubs.load()

They go to $PYTHON_STUBS, or build/python of this checkout. Needs the packages protobuf-compiler,
protobuf-compiler-grpc, python3-grpcio and python3-protobuf.
"""
import fcntl
import importlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ("types", "builder", "admin")


def _make(out):
    sources = [ROOT / "proto" / "flblk" / "v1" / f"{name}.proto" for name in PROTOS]
    made = [out / "flblk" / "v1" / f"{name}_pb2_grpc.py" for name in PROTOS]
    if all(m.exists() and m.stat().st_mtime >= s.stat().st_mtime for m, s in zip(made, sources)):
        return
    for tool in ("protoc", "grpc_python_plugin"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: install protobuf-compiler and protobuf-compiler-grpc")
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={out}", f"--grpc_out={out}",
                    f"--plugin=protoc-gen-grpc={shutil.which('grpc_python_plugin')}", *map(str, sources)],
                   check=True)


def load():
    """The modules types_pb2, builder_pb2, builder_pb2_grpc, admin_pb2, admin_pb2_grpc."""
    out = pathlib.Path(os.environ.get("PYTHON_STUBS", ROOT / "build" / "python"))
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w") as lock:  # two programs may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(out)
    sys.path.insert(0, str(out))
    names = ("types_pb2", "builder_pb2", "builder_pb2_grpc", "admin_pb2", "admin_pb2_grpc")
    return tuple(importlib.import_module(f"flblk.v1.{name}") for name in names)
