#!/usr/bin/env python3
"""What flblk-harness refuses before it plays a block: usage_test.py FLBLK-HARNESS

Exit code 2 for options, 3 where a run cannot be set up; one line names what is wrong.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HARNESS = pathlib.Path(sys.argv[1]).resolve()
LIMIT = 60  # seconds; generous, for a busy machine
USAGE, SET_UP = 2, 3


class UsageTest(unittest.TestCase):
    def check(self, args, code, text):
        with self.subTest(args=args):
            result = subprocess.run([HARNESS, "--quiet", *args], capture_output=True, text=True, timeout=LIMIT)
            self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
            self.assertEqual(result.stderr.split("\n")[0], f"flblk-harness: {text}")

    def test_options(self):
        for args, text in [
                ([], "--flblkd is required"),
                (["--bilders=3"], "--bilders=3 is no option (--help lists them)"),
                (["--flblkd"], "--flblkd needs a value"),
                (["--flblkd=x", "--blocks=0"], "--blocks is not a number from 1 to 100000"),
                (["--flblkd=x", "--script=1.2 C kill"],
                 'script step "1.2 C kill": "C" is not a builder of this run, or "active"')]:
            self.check(args, USAGE, text)

    def test_what_a_run_needs(self):
        with tempfile.TemporaryDirectory(prefix="flblk") as directory:
            silent = pathlib.Path(directory, "silent")
            silent.write_text("#!/bin/sh\necho no node >&2\nexit 9\n")
            silent.chmod(0o755)
            self.check([f"--flblkd={silent}"], SET_UP, "node A ended with exit code 9:")
        for args, text in [
                (["--flblkd=/nonexistent/flblkd"], "/nonexistent/flblkd: No such file or directory"),
                (["--flblkd=x", "--campaign=1", "--cases=fly"], 'no case of the campaign is called "fly"')]:
            self.check(args, SET_UP, text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
