#!/usr/bin/env python3
"""Turns the rows of the goal programs (one JSON object a line, standard input) into a table.

    report.py [--json] [--baseline FILE] [--check | --regressed | --write] [--machine NAME] [--without-priority]

A row measured more than once counts with its best ratio; --write keeps the median. --check fails (exit 1) where a
ratio is more than 25 % worse than in the baseline, or is no longer measured at all; --regressed prints only the
numbers of the goals for which that is so. The baseline holds ratios for kinds of machine (vendor and family of the
processor, its vector instructions): on another kind only what does not depend on the processor is compared. Ratios of
wall-clock times that were taken without real-time priority are not compared either: on a busy machine they say who else ran.
"""
import argparse
import json
import platform
import re
import statistics
import sys

TOLERANCE = 1.25
ABSOLUTE = 0.05  # for baselines of 0: counts per message
FLAGS = ("avx2", "avx512f", "vaes")
ANYWHERE = (6, 8)  # goals that count bytes and pages: the same on every processor
BESIDE = 0  # number of what no goal asks for: shown, not judged
MISSING = "Go is not installed"  # the note of what needs a tool that may be missing


def this_machine():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            fields = dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$", file.read().split("\n\n")[0], re.MULTILINE))
    except OSError:
        fields = {}
    flags = [flag for flag in FLAGS if flag in fields.get("flags", "").split()]
    return " ".join([fields.get("vendor_id", platform.machine()), fields.get("cpu family", ""), *flags])


def key(row):
    return f"{row['goal']}: {row['name']}"


def read_rows(lines):
    rows = {}
    for line in lines:
        if line.startswith("{"):
            row = json.loads(line)
            rows.setdefault(key(row), []).append(row)
    return sorted(rows.values(), key=lambda measured: measured[0]["goal"] or 99)


def best(measured):
    ratios = [row["ratio"] for row in measured if row["ratio"] is not None]
    pick = max if measured[0]["at_least"] else min
    return {**measured[0], "ratio": pick(ratios) if ratios else None}


def typical(measured):
    ratios = [row["ratio"] for row in measured if row["ratio"] is not None]
    return round(statistics.median(ratios), 3) if ratios else None


def verdict(row):
    if row["goal"] == BESIDE:
        return "no goal"
    if row["ratio"] is None:
        return "not measurable here"
    met = row["ratio"] >= row["target"] if row["at_least"] else row["ratio"] <= row["target"]
    return "pass" if met else "fail"


def baseline_for(machine, baselines):
    """What rows are held against on this machine, and whether that is all there is."""
    if machine in baselines:
        return baselines[machine], True
    others = {}
    for ratios in baselines.values():
        others.update({name: r for name, r in ratios.items() if int(name.split(":")[0]) in ANYWHERE})
    return others, False


def waits(row):
    return row["goal"] == 3 or row["name"].startswith(("gRPC", "relay over sockets"))


def regressed(row, baseline):
    before = baseline.get(key(row))
    if before is None or row["goal"] == BESIDE:
        return False
    if row["ratio"] is None:
        return row["note"] != MISSING
    if row["at_least"]:
        return row["ratio"] < before / TOLERANCE
    return row["ratio"] > max(before * TOLERANCE, ABSOLUTE)


def summary(rows):
    goals = {}
    for row in rows:
        if row["goal"] == BESIDE:
            continue
        goals.setdefault(row["goal"], set()).add(verdict(row))
    return {goal: "fail" if "fail" in seen else "pass" if seen == {"pass"} else "not measurable here"
            for goal, seen in goals.items()}


def table(rows):
    width = max((len(r["name"]) for r in rows), default=0)
    print(f"{'goal':4}  {'case':{width}}  {'target':>8}  {'measured':>8}  result")
    for row in rows:
        target = "-" if row["goal"] == BESIDE else (">= " if row["at_least"] else "<= ") + f"{row['target']:g}"
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        note = f" ({row['note']})" if row["note"] else ""
        print(f"{row['goal']:4}  {row['name']:{width}}  {target:>8}  {ratio:>8}  {verdict(row)}{note}")


def complain(worse, baseline):
    for row in worse:
        ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else f"not measured ({row['note']})"
        print(f"regression: goal {row['goal']}, {row['name']}: {ratio}, baseline {baseline[key(row)]}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--baseline")
    parser.add_argument("--without-priority", action="store_true")
    parser.add_argument("--machine", default=this_machine())
    action = parser.add_mutually_exclusive_group()
    for name in ("check", "regressed", "write"):
        action.add_argument(f"--{name}", action="store_true")
    args = parser.parse_args()
    measured = read_rows(sys.stdin)
    rows = [best(row) for row in measured]
    baselines = {}
    if args.baseline:
        with open(args.baseline, encoding="utf-8") as file:
            baselines = json.load(file)
    baseline, same = baseline_for(args.machine, baselines)
    worse = [row for row in rows if regressed(row, baseline) and not (args.without_priority and waits(row))]
    if args.regressed:
        print(" ".join(str(goal) for goal in sorted({row["goal"] for row in worse})))
        return 0
    if args.write:
        ratios = {key(m[0]): typical(m) for m in measured}
        baselines[args.machine] = {name: ratio for name, ratio in ratios.items()
                                   if ratio is not None and not name.startswith("0:")}
        with open(args.baseline, "w", encoding="utf-8") as file:
            file.write(json.dumps(baselines, indent=1) + "\n")
    if args.json:
        cases = [{**row, "result": verdict(row), "regressed": row in worse} for row in rows]
        print(json.dumps({"goals": summary(rows), "cases": cases}))
    else:
        table(rows)
    if not args.check:
        return 0
    if args.without_priority:
        print("no real-time priority here: goals 3, 4 over sockets, and gRPC are shown, not compared", file=sys.stderr)
    if not same:
        print(f"no baseline for this kind of machine ({args.machine}): compared were goals "
              f"{' and '.join(map(str, ANYWHERE))} only; --write-baseline adds one", file=sys.stderr)
    complain(worse, baseline)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
