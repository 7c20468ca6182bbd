"""Adds up the reports of flblk-harness --campaign: one Markdown table for each takeover_after.

Usage: failures.py REPORT.json ...    Exit code 1 where a report holds a violation.
"""
import collections
import json
import math
import sys

SUMS = ("count", "same_block", "next_block", "lost", "unsent", "duplicates", "out_of_order", "two_publishers_ms")


def spread(samples):
    """p50 / p99 / max by nearest rank, whole milliseconds."""
    if not samples:
        return "-"
    ordered = sorted(samples)
    at = [ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)] for p in (50, 99, 100)]
    return " / ".join(f"{value:.0f}" for value in at)


def add_up(reports):
    cases = collections.defaultdict(lambda: dict.fromkeys(SUMS, 0) | {"gap_ms": [], "again_ms": []})
    for report in reports:
        for one in report["cases"]:
            total = cases[one["case"]]
            for key in SUMS:
                total[key] += one[key]
            total["gap_ms"] += one["gap_ms"]
            total["again_ms"] += one["again_ms"]
    return cases


def print_table(takeover_ms, reports):
    first = reports[0]
    title = f"`takeover_after` {takeover_ms} ms" if takeover_ms else "without `takeover_after`"
    print(f"\n{title}; slots of {first['slot_ms']} ms, a flashblock every {first['interval_ms']} ms; "
          f"{sum(r['flashblocks'] for r in reports)} flashblocks published, "
          f"{sum(r['delivered'] for r in reports)} delivered; publish to subscriber p99 "
          f"{max(r['latency_ms']['p99'] for r in reports):.1f} ms\n")
    print("| case | n | same block | next block | gap ms p50 / p99 / max | again ms p50 / p99 / max | lost | unsent "
          "| duplicates | out of order | two publishers ms |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for case, one in sorted(add_up(reports).items()):
        print(f"| {case} | {one['count']} | {one['same_block']} | {one['next_block']} | {spread(one['gap_ms'])} "
              f"| {spread(one['again_ms'])} | {one['lost']} | {one['unsent']} | {one['duplicates']} "
              f"| {one['out_of_order']} | {one['two_publishers_ms']:.1f} |")


def main(paths):
    by_takeover = collections.defaultdict(list)
    violations = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        by_takeover[report["takeover_after_ms"]].append(report)
        violations += report["violations"]
    for takeover_ms, reports in sorted(by_takeover.items(), reverse=True):
        print_table(takeover_ms, reports)
    halfway = sum(r["frozen_halfway"] for reports in by_takeover.values() for r in reports)
    print(f"\nHanded in just before a freeze and published on thawing: {halfway}\n")
    for violation in violations:
        print(f"FAILED  {violation}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
