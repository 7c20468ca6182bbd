#!/usr/bin/env python3
"""Turns the rows of the goal programs (one JSON object a line, standard input) into a table.

    report.py [--json] [--check BASELINE] [--write BASELINE] [--regressed]

A row measured more than once counts with the best ratio; --write keeps the median. --check fails (exit 1) where a ratio is more than 25 % worse than in
the baseline; --regressed prints only the numbers of the goals for which that is so.
"""
import argparse
import json
import statistics
import sys

TOLERANCE = 1.25
ABSOLUTE = 0.05  # for baselines of 0: counts per message


def better(row, a, b):
    if a is None or b is None:
        return a if b is None else b
    return max(a, b) if row["at_least"] else min(a, b)


def read_rows(lines):
    rows = {}
    for line in lines:
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        key = (row["goal"], row["name"])
        rows.setdefault(key, []).append(row)
    return [rows[key] for key in sorted(rows, key=lambda k: k[0])]


def best(measured):
    row = dict(measured[0])
    for other in measured[1:]:
        row["ratio"] = better(row, row["ratio"], other["ratio"])
    return row


def typical(measured):
    ratios = [row["ratio"] for row in measured if row["ratio"] is not None]
    return round(statistics.median(ratios), 3) if ratios else None


def verdict(row):
    if row["ratio"] is None:
        return "not measurable here"
    met = row["ratio"] >= row["target"] if row["at_least"] else row["ratio"] <= row["target"]
    return "pass" if met else "fail"


def regressed(row, baseline):
    before = baseline.get(f"{row['goal']}: {row['name']}")
    if before is None or row["ratio"] is None:
        return False
    if row["at_least"]:
        return row["ratio"] < before / TOLERANCE
    return row["ratio"] > max(before * TOLERANCE, ABSOLUTE)


def table(rows):
    width = max((len(r["name"]) for r in rows), default=0)
    print(f"{'goal':4}  {'case':{width}}  {'target':>8}  {'measured':>8}  result")
    for row in rows:
        target = (">= " if row["at_least"] else "<= ") + f"{row['target']:g}"
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        note = f" ({row['note']})" if row["note"] else ""
        print(f"{row['goal']:4}  {row['name']:{width}}  {target:>8}  {ratio:>8}  {verdict(row)}{note}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check")
    parser.add_argument("--write")
    parser.add_argument("--regressed", action="store_true")
    args = parser.parse_args()
    measured = read_rows(sys.stdin)
    rows = [best(row) for row in measured]
    baseline = {}
    if args.check:
        with open(args.check, encoding="utf-8") as file:
            baseline = json.load(file)
    worse = [row for row in rows if regressed(row, baseline)]
    if args.regressed:
        print(" ".join(str(goal) for goal in sorted({row["goal"] for row in worse})))
        return 0
    if args.write:
        with open(args.write, "w", encoding="utf-8") as file:
            medians = {f"{m[0]['goal']}: {m[0]['name']}": typical(m) for m in measured}
            json.dump({name: ratio for name, ratio in medians.items() if ratio is not None}, file, indent=1)
            file.write("\n")
    if args.json:
        cases = [{**row, "result": verdict(row), "regressed": row in worse} for row in rows]
        goals = {}
        for row in rows:
            goals.setdefault(row["goal"], set()).add(verdict(row))
        summary = {goal: "fail" if "fail" in seen else "pass" if seen == {"pass"} else "not measurable here"
                   for goal, seen in goals.items()}
        print(json.dumps({"goals": summary, "cases": cases}))
    else:
        table(rows)
    for row in worse:
        before = baseline[f"{row['goal']}: {row['name']}"]
        print(f"regression: goal {row['goal']}, {row['name']}: {row['ratio']:.2f}, baseline {before}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
