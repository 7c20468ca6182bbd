#!/usr/bin/env python3
"""Every case of the study: study.py FLBLK-SCALE COSTS.json RESULTS.json. Two at a time; same input, same results."""
import concurrent.futures
import json
import subprocess
import sys

PROGRAM, COSTS, RESULTS = sys.argv[1:4]
NODES = (1_000, 10_000, 100_000)
RUNS = {1_000: 5, 10_000: 3, 100_000: 1}
RTTS = (5, 50, 150)
MESHES = [["--fan-out", f] for f in (5, 10, 20)]
DEFAULT_SETS = ["--send", 10, "--receive", 3]  # flblk/2 as it comes


def sets(receive):
    return ["--send", max(10, 2 * receive), "--receive", receive]


def cases():
    """(group, flags) of each run."""
    for nodes in NODES:
        for rtt in RTTS:
            base = ["--nodes", nodes, "--runs", RUNS[nodes], "--rtt-ms", rtt]
            for shape in [*MESHES, DEFAULT_SETS]:
                for gbps in (1, 10):
                    yield "fixed", [*base, *shape, "--gbps", gbps]
                yield "spread", [*base, *shape, "--gbps", 1, "--sigma", 0.5]
    middle = ["--nodes", 10_000, "--runs", 3, "--rtt-ms", 50, "--sigma", 0.5]
    for size in (10_000, 100_000, 1_000_000):
        for receive in (2, 3, 4, 5, 6, 8, 10, 12, 16, 20):
            yield "receive", [*middle, *sets(receive), "--size", size]
    for shape in (DEFAULT_SETS, sets(5), sets(8), *MESHES[1:]):
        yield "curve", [*middle, *shape, "--curve", 120]
    for change in ([], ["--gbps", 0], ["--gbps", 10], ["--fair", 1], ["--cold", 2], ["--size", 1_000],
                   ["--size", 10_000], ["--size", 1_000_000], ["--flashblocks", 10],
                   ["--flashblocks", 10, "--size", 1_000_000],
                   ["--flashblocks", 10, "--size", 1_000_000, "--gbps", 10]):
        for shape in (DEFAULT_SETS, sets(5), MESHES[1]):
            yield "change", [*middle, *shape, *change]


def run(case):
    group, flags = case
    command = [PROGRAM, "--costs", COSTS, *map(str, flags)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return {"group": group, **json.loads(done.stdout)}


def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(run, cases()))
    with open(RESULTS, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(f"{len(rows)} cases in {RESULTS}")


main()
