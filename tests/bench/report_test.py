#!/usr/bin/env python3
"""The gate itself: what report.py --check lets pass and what it stops."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.py")
BASELINE = {"here": {"1: lanes": 7.0, "3: publish": 1.2, "6: faults": 0.0, "7: geth": 5.0}}


def row(goal, name, ratio, at_least=False, note=""):
    return {"goal": goal, "name": name, "target": 1, "at_least": at_least, "ratio": ratio, "note": note}


class Gate(unittest.TestCase):
    def run_report(self, rows, *options, machine="here", baseline=None):
        with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
            json.dump(BASELINE if baseline is None else baseline, file)
            file.flush()
            command = [sys.executable, REPORT, "--baseline", file.name, "--machine", machine, *options]
            text = "log line\n" + "".join(json.dumps(r) + "\n" for r in rows)
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
            file.seek(0)
            return done, json.load(file)

    def check(self, *rows, machine="here"):
        return self.run_report(rows, "--check", machine=machine)[0]

    def test_the_same_ratios_pass(self):
        done = self.check(row(1, "lanes", 7.0, True), row(3, "publish", 1.2), row(6, "faults", 0.0))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_quarter_is_allowed_and_no_more(self):
        self.assertEqual(self.check(row(3, "publish", 1.49)).returncode, 0)
        self.assertEqual(self.check(row(3, "publish", 1.51)).returncode, 1)
        self.assertEqual(self.check(row(1, "lanes", 5.61, True)).returncode, 0)
        done = self.check(row(1, "lanes", 5.59, True))
        self.assertEqual(done.returncode, 1)
        self.assertIn("goal 1, lanes: 5.59, baseline 7.0", done.stderr)

    def test_counts_stay_zero(self):
        self.assertEqual(self.check(row(6, "faults", 0.05)).returncode, 0)
        self.assertEqual(self.check(row(6, "faults", 1.0)).returncode, 1)

    def test_the_best_of_several_measurements_counts(self):
        self.assertEqual(self.check(row(3, "publish", 9.0), row(3, "publish", 1.2)).returncode, 0)
        self.assertEqual(self.check(row(1, "lanes", 1.0, True), row(1, "lanes", 7.1, True)).returncode, 0)

    def test_what_is_no_longer_measured_is_a_regression(self):
        self.assertEqual(self.check(row(1, "lanes", None, True)).returncode, 1)
        self.assertEqual(self.check(row(7, "geth", None, True, "Go is not installed")).returncode, 0)
        done = self.check(row(7, "geth", None, True, "tests/bench/peers failed, see log"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("goal 7, geth: not measured (tests/bench/peers failed, see log), baseline 5.0", done.stderr)

    def test_another_machine_is_not_compared_with_this_one(self):
        done = self.check(row(1, "lanes", 2.0, True), row(3, "publish", 9.0), machine="there")
        self.assertEqual(done.returncode, 0)
        self.assertIn("no baseline for this kind of machine (there)", done.stderr)
        self.assertEqual(self.check(row(6, "faults", 3.0), machine="there").returncode, 1)

    def test_what_waits_is_compared_only_with_priority(self):
        rows = [row(3, "publish", 9.0)]
        self.assertEqual(self.run_report(rows, "--check")[0].returncode, 1)
        done = self.run_report(rows, "--check", "--without-priority")[0]
        self.assertEqual(done.returncode, 0)
        self.assertIn("no real-time priority", done.stderr)
        lanes = [row(1, "lanes", 1.0, True)]
        self.assertEqual(self.run_report(lanes, "--check", "--without-priority")[0].returncode, 1)

    def test_new_cases_pass(self):
        self.assertEqual(self.check(row(3, "another", 99.0)).returncode, 0)

    def test_names_the_goals_to_measure_again(self):
        rows = [row(3, "publish", 9.0), row(1, "lanes", 1.0, True), row(6, "faults", 0.0)]
        self.assertEqual(self.run_report(rows, "--regressed")[0].stdout, "1 3\n")

    def test_writes_the_median_for_its_machine_only(self):
        rows = [row(3, "publish", r) for r in (1.0, 9.0, 1.3)]
        written = self.run_report(rows, "--write", machine="there")[1]
        self.assertEqual(written, {**BASELINE, "there": {"3: publish": 1.3}})

    def test_what_no_goal_asks_for_is_shown_and_not_judged(self):
        done, written = self.run_report([row(0, "threads", 9.0), row(3, "publish", 1.2)], "--write", "--json")
        out = json.loads(done.stdout)
        self.assertEqual(out["goals"], {"3": "fail"})
        self.assertEqual([c["result"] for c in out["cases"]], ["fail", "no goal"])
        self.assertEqual(written["here"], {"3: publish": 1.2})

    def test_json_has_every_goal_and_case(self):
        rows = [row(1, "lanes", 7.0, True), row(3, "publish", 1.2), row(7, "geth", None, True)]
        out = json.loads(self.run_report(rows, "--json")[0].stdout)
        self.assertEqual(out["goals"], {"1": "pass", "3": "fail", "7": "not measurable here"})
        self.assertEqual([c["result"] for c in out["cases"]], ["pass", "fail", "not measurable here"])


if __name__ == "__main__":
    unittest.main()
