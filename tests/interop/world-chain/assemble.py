#!/usr/bin/env python3
"""Makes a Cargo workspace of World Chain's own p2p crates, reth's network crates and the peer program beside this file.

    assemble.py WORLD_CHAIN RETH DIRECTORY

WORLD_CHAIN and RETH are checkouts of the revisions named in run.sh; they are read, never changed. DIRECTORY gets a
workspace whose dependencies come from crates.io and from RETH. What the p2p crates need of the rest of World Chain is
two plain types, FanoutArgs and FlashblockMetadata: they are cut out of its sources, so that the whole of op-reth need not
be built for them.
"""
import pathlib
import re
import shutil
import sys
import tomllib

HEADER = '''[workspace]
resolver = "3"
members = ["p2p", "primitives", "cli", "provider", "peer"]

[workspace.package]
version = "0.0.0"
edition = "2024"
license = "MIT"

[profile.dev]
debug = 0
opt-level = 1

[workspace.dependencies]
world-chain-cli = { path = "cli" }
world-chain-primitives = { path = "primitives" }
world-chain-p2p = { path = "p2p" }
reth-provider = { path = "provider" }
'''

# All that the p2p crate takes from reth-provider are names of traits; the crate itself would bring two databases.
PROVIDER = '''pub use reth_chain_state::CanonStateSubscriptions;
pub use reth_storage_api::{BlockNumReader, HeaderProvider};
'''


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"


def reth_paths(reth):
    """Crate name -> folder, from reth's workspace."""
    members = tomllib.loads((reth / "Cargo.toml").read_text())["workspace"]["dependencies"]
    return {name: reth / spec["path"] for name, spec in members.items()
            if isinstance(spec, dict) and "path" in spec}


def workspace_dependency(name, spec, paths):
    if isinstance(spec, dict) and "git" in spec:
        if name not in paths:
            return None
        spec = {"path": str(paths[name]), **{k: v for k, v in spec.items() if k in ("default-features", "features")}}
    return f"{name} = {toml_value(spec)}\n"


def cut(source, start, end="\n}\n"):
    """The text from the line that holds `start`, attributes included, to the first closing brace in column 0."""
    at = source.index(start)
    at = source.rindex("\n\n", 0, at) + 2
    return source[at:source.index(end, at) + len(end)]


def manifest(text, drop):
    """A crate's Cargo.toml without the dependencies in `drop` and without its development dependencies."""
    text = re.sub(r"\n\[dev-dependencies\].*?(?=\n\[|\Z)", "\n", text, flags=re.S)
    return "".join(line for line in text.splitlines(True) if not any(line.startswith(d + ".") for d in drop))


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def copy(source, target):
    for path in source.rglob("*.rs"):
        write(target / path.relative_to(source), path.read_text())


def main():
    world, reth, out = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
    here = pathlib.Path(__file__).resolve().parent
    crates = world / "crates"
    paths = reth_paths(reth)
    wanted = tomllib.loads((world / "Cargo.toml").read_text())["workspace"]["dependencies"]
    used = {"reth-chain-state", "reth-storage-api"}
    for name in ("p2p", "primitives"):
        used |= set(tomllib.loads((crates / name / "Cargo.toml").read_text())["dependencies"])
    used |= set(tomllib.loads((here / "peer/Cargo.toml").read_text())["dependencies"])
    lines = [workspace_dependency(n, s, paths) for n, s in wanted.items()
             if n in used and not n.startswith("world-chain") and n != "reth-provider"]
    write(out / "Cargo.toml", HEADER + "".join(l for l in lines if l))

    copy(crates / "p2p/src", out / "p2p/src")
    write(out / "p2p/Cargo.toml", manifest((crates / "p2p/Cargo.toml").read_text(), []))

    optimism = ["world-chain-chainspec", "reth-optimism-primitives", "reth-optimism-node", "reth-optimism-chainspec",
                "op-alloy-consensus", "reth-basic-payload-builder"]
    copy(crates / "primitives/src", out / "primitives/src")
    metadata = cut((crates / "primitives/src/flashblocks.rs").read_text(), "pub struct FlashblockMetadata")
    write(out / "primitives/src/flashblocks.rs",
          "use alloy_primitives::U256;\nuse serde::{Deserialize, Serialize};\n\n" + metadata)
    write(out / "primitives/Cargo.toml", manifest((crates / "primitives/Cargo.toml").read_text(), optimism))

    p2p_args = (crates / "cli/src/cli/p2p.rs").read_text()
    fields = re.sub(r"(?m)^    #\[arg\((?:[^()]|\([^()]*\))*\)\]\n", "", cut(p2p_args, "pub struct FanoutArgs"))
    fields = re.sub(r", clap::Args", "", fields)
    constants = "\n".join(re.findall(r"(?m)^(?:pub )?const DEFAULT_.*;$", p2p_args))
    default = cut(p2p_args, "impl Default for FanoutArgs")
    write(out / "cli/src/lib.rs",
          f"pub mod cli {{\nuse reth_network_peers::PeerId;\n{constants}\n\n{fields}\n{default}\n}}\n")
    write(out / "cli/Cargo.toml", '[package]\nname = "world-chain-cli"\nversion.workspace = true\n'
          'edition.workspace = true\n\n[dependencies]\nreth-network-peers.workspace = true\n')

    write(out / "provider/src/lib.rs", PROVIDER)
    write(out / "provider/Cargo.toml", '[package]\nname = "reth-provider"\nversion.workspace = true\n'
          'edition.workspace = true\n\n[dependencies]\nreth-chain-state.workspace = true\n'
          'reth-storage-api.workspace = true\n')

    shutil.copytree(here / "peer", out / "peer", dirs_exist_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main()
