"""How flblkd ends where the plugin fails it: process_test.py FLBLKD OTHER_PLUGIN.so (testing/other_plugin.c)."""
import os
import signal
import subprocess
import sys
import time
import unittest

FLBLKD, OTHER = sys.argv.pop(1), sys.argv.pop(1)
KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, test 1
LIMIT = 60  # seconds


def start(plugin):
    return subprocess.Popen([FLBLKD, f"--authorizer-vk={KEY}"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "LD_PRELOAD": OTHER, "OTHER_PLUGIN": plugin})


class ProcessTest(unittest.TestCase):
    def fails(self, plugin, message):  # and says so in one line
        process = start(plugin)
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual((process.returncode, out, err.splitlines()[-1]), (1, "", f"flblkd: {message}"))

    def test_another_major_version(self):
        self.fails("major", "libflblk.so has another major version of the ABI")

    def test_what_the_plugin_says_is_passed_on(self):
        self.fails("create", "as the test wants it")
        self.fails("start", "as the test wants it")

    def hangs(self):
        process = start("stop")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        for line in process.stdout:  # it is ready
            if line.startswith("http"):
                break
        process.send_signal(signal.SIGTERM)
        return process

    def test_a_stop_that_hangs_is_given_up(self):
        begin = time.monotonic()
        self.assertEqual(self.hangs().wait(LIMIT), 1)
        self.assertGreater(time.monotonic() - begin, 3)

    def test_a_second_signal_ends_it_at_once(self):
        process = self.hangs()
        time.sleep(0.3)  # two of one kind would be one
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        self.assertEqual(process.wait(LIMIT), 130)
        self.assertLess(time.monotonic() - begin, 3)


unittest.main()
