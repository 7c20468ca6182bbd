#!/usr/bin/env python3
"""Options that the scripts refuse: at once, with exit code 2 and one line that names what is wrong.

    scripts_test.py SOURCE-DIR

Nothing is installed or built: each script checks all of its options before it does anything.
"""
import pathlib
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
LIMIT = 60  # seconds; generous, for a busy machine

REFUSED = [
    (".ci/run", ["compile"], "ci/run: unknown stage 'compile' (format portable tests sim"),
    (".ci/run", ["format", "bnech"], "ci/run: unknown stage 'bnech'"),
    ("tests/setup.sh", ["everything"], "setup.sh: unknown level 'everything' (build, test or ci)"),
    ("tests/run.sh", ["--fast"], "run.sh: unknown option '--fast' (--json, --quick, --preset NAME)"),
    ("tests/run.sh", ["--preset"], "run.sh: --preset needs a name"),
    ("tests/run.sh", ["--preset", "msan"], "run.sh: unknown preset 'msan' (release, dev, asan or tsan)"),
    ("examples/demo.sh", ["--slow"], "demo.sh: unknown option '--slow' (--json, --quick, --takeover-after-ms T)"),
    ("examples/demo.sh", ["--takeover-after-ms"], "demo.sh: --takeover-after-ms needs a whole number, not ''"),
    ("examples/demo.sh", ["--takeover-after-ms", "2s"], "demo.sh: --takeover-after-ms needs a whole number, not '2s'"),
    ("tests/sim/run.sh", ["--all"], "run.sh: unknown option '--all' (--quick, --ci, --nightly, --build DIR)"),
    ("tests/sim/run.sh", ["--build"], "run.sh: --build needs a directory"),
    ("tests/harness/failures.sh", ["--repeat", "3"], "failures.sh: unknown option '--repeat'"),
    ("tests/harness/failures.sh", ["--report"], "failures.sh: --report needs a value"),
    ("tests/harness/failures.sh", ["--repeats", "many"], "failures.sh: --repeats needs a whole number, not 'many'"),
    ("tests/harness/failures.sh", ["--clusters", "-1"], "failures.sh: --clusters needs a whole number, not '-1'"),
    ("tests/harness/failures.sh", ["--seed", ""], "failures.sh: --seed needs a whole number, not ''"),
    ("tests/harness/failures.sh", ["--build", "/nonexistent"],
     "failures.sh: /nonexistent/tests/harness/flblk-harness is missing; build flblkd and flblk_harness"),
    ("tests/fuzz/run.sh", ["--minutes", "1"], "run.sh: unknown option '--minutes' (--seconds N)"),
    ("tests/fuzz/run.sh", ["--seconds"], "run.sh: --seconds needs a whole number, not ''"),
    ("tests/fuzz/run.sh", ["--seconds", "1m"], "run.sh: --seconds needs a whole number, not '1m'"),
    ("tests/bench/run.sh", ["--quiet"], "run.sh: unknown option '--quiet' (--quick, --json, --check"),
    ("tests/bench/run.sh", ["--build"], "run.sh: --build needs a directory"),
    ("tests/bench/scale/run.sh", ["--plot"], "run.sh: unknown option '--plot' (--measure, --plots)"),
    ("tests/install/fresh.sh", ["--half"], "fresh.sh: unknown option '--half' (--whole, --system FILE)"),
    ("tests/install/fresh.sh", ["--system"], "fresh.sh: --system needs a file"),
]
WITH_HELP = ["tests/run.sh", "examples/demo.sh", "tests/sim/run.sh", "tests/harness/failures.sh", "tests/bench/run.sh",
             "tests/bench/scale/run.sh", "tests/install/fresh.sh"]


def run(script, *args):
    return subprocess.run(["bash", SOURCE / script, *args], capture_output=True, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL)


class ScriptsTest(unittest.TestCase):
    def test_bad_options_are_named(self):
        for script, args, text in REFUSED:
            with self.subTest(script=script, args=args):
                result = run(script, *args)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertTrue(result.stderr.startswith(text), result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_help_names_the_script_and_nothing_else_happens(self):
        for script in WITH_HELP:
            with self.subTest(script=script):
                result = run(script, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn(f"{script} [--", result.stdout)
                self.assertNotIn("set -euo", result.stdout)

    def test_the_sidecar_does_not_take_settings_of_scripts_for_its_own(self):
        """FLBLK_* are flblkd's settings, and it warns of those it does not know."""
        for script in [".ci/run", *sorted({script for script, _, _ in REFUSED}), "tests/interop/run.sh"]:
            with self.subTest(script=script):
                self.assertNotRegex((SOURCE / script).read_text(), r"\$\{?FLBLK_")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
