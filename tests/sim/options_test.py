#!/usr/bin/env python3
"""What flblk_search and flblk_sim refuse: exit code 2 and one line that names the option and its value.

    options_test.py FLBLK_SEARCH FLBLK_SIM
"""
import subprocess
import sys
import unittest

SEARCH, SIM = sys.argv[1:3]
LIMIT = 30  # seconds

REFUSED = [
    (SEARCH, ["--seconds", "ten"], "flblk_search: --seconds needs a whole number from 0 to 1000000, not 'ten'"),
    (SEARCH, ["--seconds", "5s"], "flblk_search: --seconds needs a whole number from 0 to 1000000, not '5s'"),
    (SEARCH, ["--slots", "256"], "flblk_search: --slots needs a whole number from 0 to 255, not '256'"),
    (SEARCH, ["--slots", "-1"], "flblk_search: --slots needs a whole number from 0 to 255, not '-1'"),
    (SEARCH, ["--slots"], "flblk_search: --slots needs a whole number from 0 to 255, not ''"),
    (SEARCH, ["--set"], "flblk_search: --set needs a name"),
    (SEARCH, ["--deep", "1"], "flblk_search: unknown option '--deep'"),
    (SIM, ["--schedules", "1k"], "flblk_sim: --schedules needs a whole number, not '1k'"),
    (SIM, ["--schedules", ""], "flblk_sim: --schedules needs a whole number, not ''"),
    (SIM, ["--seed", "0x10"], "flblk_sim: --seed needs a whole number, not '0x10'"),
    (SIM, ["--seed", "18446744073709551616"], "flblk_sim: --seed needs a whole number, not '18446744073709551616'"),
    (SIM, ["--nodes", "3"], "flblk_sim: --nodes needs a whole number from 4 to 1000 or 0, not '3'"),
    (SIM, ["--nodes", "many"], "flblk_sim: --nodes needs a whole number from 4 to 1000 or 0, not 'many'"),
    (SIM, ["--nodes", "1001"], "flblk_sim: --nodes needs a whole number from 4 to 1000 or 0, not '1001'"),
    (SIM, ["--hostile", "11"], "flblk_sim: --hostile needs a whole number from 0 to 10, not '11'"),
    (SIM, ["--threads", "0"], "flblk_sim: --threads needs a whole number from 1 to 1000, not '0'"),
    (SIM, ["--seconds", " 5"], "flblk_sim: --seconds needs a whole number from 0 to 1000000, not ' 5'"),
    (SIM, ["--failures", "0"], "flblk_sim: --failures needs a whole number of at least 1, not '0'"),
    (SIM, ["--replay", "last"], "flblk_sim: --replay needs a whole number, not 'last'"),
    (SIM, ["--replay"], "flblk_sim: --replay needs a whole number, not ''"),
    (SIM, ["--verbose", "1"], "flblk_sim: unknown option '--verbose'"),
]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)


class OptionsTest(unittest.TestCase):
    def test_what_is_wrong_is_named(self):
        for program, args, text in REFUSED:
            with self.subTest(program=program, args=args):
                result = run(program, *args)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertTrue(result.stderr.startswith(text + "; usage: "), result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_right_numbers_are_taken(self):
        result = run(SIM, "--schedules", "2", "--seed", "7", "--nodes", "4", "--hostile", "0", "--threads", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith("2 schedules, 0 of them with 50 nodes or more"), result.stdout)
        result = run(SIM, "--schedules", "1000000", "--seconds", "1")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stdout, r"\nonly \d+ of 1000000 schedules ran within 1 s \(--seconds\)\n$")
        result = run(SEARCH, "--set", "graceful-2", "--slots", "1", "--seconds", "20", "--first")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("exhausted, nothing violated", result.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
