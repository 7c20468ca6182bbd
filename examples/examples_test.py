#!/usr/bin/python3
"""Runs every example against real nodes on loopback.

    examples_test.py LIBFLBLK.SO FLBLKD FLBLKCTL CPP_BUILDER C_HOST
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

EXAMPLES = pathlib.Path(__file__).resolve().parent
RECORDED = EXAMPLES.parent / "tests/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json"
LIMIT = 30  # seconds, of any one wait
NO_PLUGIN = "libc.so.6"  # a library, but not ours
LIBRARY, FLBLKD, FLBLKCTL, CPP_BUILDER, C_HOST = sys.argv[1:6]


def ctl(*args):
    return subprocess.run([FLBLKCTL, *args], check=True, capture_output=True, text=True, timeout=LIMIT).stdout.strip()


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="flblk.")
        self.addCleanup(scratch.cleanup)
        self.dir = pathlib.Path(scratch.name)
        self.authorizer = self.dir / "authorizer.key"
        self.authorizer_vk = ctl("keygen", str(self.authorizer))
        self.builder = self.dir / "builder.key"
        self.builder_vk = ctl("keygen", str(self.builder))

    def start(self, name, *argv, stdin=None):
        log = open(self.dir / f"{name}.log", "w+")
        process = subprocess.Popen([str(a) for a in argv], stdin=stdin, stdout=log, stderr=subprocess.STDOUT, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
            log.close()

        self.addCleanup(end)
        process.name = name
        return process

    def log(self, process):
        return (self.dir / f"{process.name}.log").read_text()

    def wait_for(self, process, pattern):
        """The first group of the pattern, once the process has printed it."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log(process))
            if found:
                return found.group(1)
            if process.poll() is not None:
                break
            time.sleep(0.02)
        self.fail(f"{process.name} did not print {pattern}:\n{self.log(process)}")

    def ends_well(self, process):
        self.assertEqual(process.wait(LIMIT), 0, self.log(process))

    def flblkd(self, name, *flags):
        """A sidecar; returns it with its enode and gRPC target."""
        process = self.start(name, FLBLKD, f"--datadir={self.dir / name}", "--addr=127.0.0.1", "--port=0",
                             f"--authorizer-vk={self.authorizer_vk}", *flags)
        return process, self.wait_for(process, r"enode (enode://\S+)"), self.wait_for(process, r"grpc (unix:\S+)")

    def subscriber(self, target, count):
        return self.start("subscriber", EXAMPLES / "subscriber/subscriber.py", "--grpc", target, "--count", str(count),
                          "--json")

    def received(self, subscriber):
        self.ends_well(subscriber)
        return [json.loads(line) for line in self.log(subscriber).splitlines() if line.startswith("{")]

    def authorize(self, payload_id, timestamp):
        return ctl("authorize", f"--authorizer-sk-file={self.authorizer}", f"--builder-vk={self.builder_vk}",
                   f"--payload-id={payload_id}", f"--timestamp={timestamp}")

    def authorization_file(self, text, name="authorization.json"):
        path = self.dir / name
        path.write_text(text)
        return path

    def feed(self, process, blocks):
        now = int(time.time())
        for i in range(blocks):
            print(self.authorize(f"0x04000000000000{i + 1:02x}", now + i), file=process.stdin, flush=True)
        process.stdin.close()

    def host_config(self):
        config = self.dir / "host.toml"
        config.write_text(f'datadir = "{self.dir}/host"\naddr = "127.0.0.1"\nport = 0\n'
                          f'authorizer_vk = "{self.authorizer_vk}"\nbuilder_sk_file = "{self.builder}"\n')
        return config

    def check_sequences(self, rows, blocks, deltas):
        self.assertEqual([row["index"] for row in rows], list(range(deltas)) * blocks)
        self.assertEqual({row["builder"] for row in rows}, {self.builder_vk})

    def test_cpp_builder_embeds_the_plugin(self):
        host = self.start("host", CPP_BUILDER, LIBRARY, self.host_config(), "--deltas", "4", "--interval-ms", "50",
                          stdin=subprocess.PIPE)
        _, _, target = self.flblkd("peer", "--trusted-peers=" + self.wait_for(host, r"(enode://\S+)"))
        subscriber = self.subscriber(target, 8)
        self.wait_for_peer(target)
        self.feed(host, 2)
        self.check_sequences(self.received(subscriber), 2, 4)
        self.ends_well(host)

    def test_c_host_publishes_the_recorded_block(self):
        files = []
        for delta in json.loads(RECORDED.read_text()):
            files.append(self.dir / f"{delta['index']}.json")
            files[-1].write_text(json.dumps(delta))
        first = json.loads(files[0].read_text())
        slot = int(first["base"]["timestamp"], 16)
        authorization = self.authorization_file(self.authorize(first["payload_id"], slot))
        # A block of the past: the peer takes it from whom it trusts only.
        ctl("keygen", self.dir / "host.key", "--node")
        trusted = ctl("enode", self.dir / "host.key", "127.0.0.1:1").strip()
        peer, enode, target = self.flblkd("peer", "--trusted-peers=" + trusted)
        config = self.host_config()
        with open(config, "a") as text:
            print(f'static_nodes = ["{enode}"]\nnodekey = "{self.dir}/host.key"', file=text)
        subscriber = self.subscriber(target, 5)
        host = self.start("host", C_HOST, LIBRARY, config, authorization, *files)
        rows = self.received(subscriber)
        self.check_sequences(rows, 1, 5)
        self.assertTrue(rows[-1]["block_hash"].startswith("c463a312"))
        self.assertEqual(sum(row["transactions"] for row in rows), 6)
        self.assertEqual(rows[-1]["gas_used"], 0x32138)
        self.ends_well(host)

    def test_python_builder_drives_the_sidecar(self):
        _, enode, grpc = self.flblkd("sidecar", f"--builder-sk-file={self.builder}")
        _, _, target = self.flblkd("peer", f"--trusted-peers={enode}")
        subscriber = self.subscriber(target, 6)
        self.wait_for_peer(target)
        builder = self.start("builder", EXAMPLES / "python_builder/builder.py", "--grpc", grpc, "--deltas", "3",
                             "--interval-ms", "50", stdin=subprocess.PIPE)
        self.feed(builder, 2)
        self.check_sequences(self.received(subscriber), 2, 3)
        self.ends_well(builder)

    # ------------------------------------------------------------------------------------------ what goes wrong
    def refuses(self, argv, code, text, stdin=""):
        with self.subTest(argv=[str(a) for a in argv]):
            result = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=LIMIT, input=stdin)
            self.assertEqual(result.returncode, code, result.stderr)
            said = [line for line in result.stderr.splitlines() if line.startswith(text)]
            self.assertEqual(len(said), 1, result.stderr)  # the embedded plugin logs around it

    def another_builders_authorization(self):
        other = ctl("keygen", str(self.dir / "other.key"))
        return ctl("authorize", f"--authorizer-sk-file={self.authorizer}", f"--builder-vk={other}",
                   "--payload-id=0x0400000000000001", f"--timestamp={int(time.time())}")

    def test_the_cpp_builder_says_what_is_wrong(self):
        config, no_config, bad = self.host_config(), self.dir / "none.toml", self.dir / "bad.toml"
        bad.write_text("prot = 1")
        for argv, text in [
                ([], "usage: cpp_builder LIBFLBLK.SO CONFIG.TOML"),
                ([LIBRARY], "usage: cpp_builder"),
                ([LIBRARY, config, "--delta", "4"], "unknown option --delta"),
                ([LIBRARY, config, "--deltas", "four"], "--deltas: 'four' is no number up to 999999999"),
                ([LIBRARY, config, "--interval-ms", "-1"], "--interval-ms: '-1' is no number"),
                ([LIBRARY, config, "--deltas"], "--deltas: the value is missing"),
                ([LIBRARY, no_config], f"{no_config}: cannot be read"),
                ([self.dir / "none.so", config], f"{self.dir}/none.so: cannot open shared object file"),
                ([NO_PLUGIN, config], f"{NO_PLUGIN}: no flblk plugin of ABI 1"),
                ([LIBRARY, bad], "config:1: prot: unknown setting; the nearest known one is port")]:
            self.refuses([CPP_BUILDER, *argv], 1, f"cpp_builder: {text}")
        for line, text in [("no JSON\n", "[json.exception.parse_error"),
                           ('{"payload_id":"0x04"}\n', "payload_id: 1 bytes, expected 8"),
                           (self.another_builders_authorization() + "\n", "authorization.builder_vk")]:
            self.refuses([CPP_BUILDER, LIBRARY, config], 1, f"cpp_builder: {text}", stdin=line)

    def test_the_c_host_says_what_is_wrong(self):
        config, no_config = self.host_config(), self.dir / "none.toml"
        good = {"payload_id": "0x0401020304050607", "timestamp": 1, "builder_vk": [18] * 32, "authorizer_sig": "34" * 64}
        delta = self.dir / "delta.json"
        usage = "usage: c_host LIBFLBLK.SO CONFIG.TOML AUTHORIZATION.json FLASHBLOCK.json..."
        authorization = self.authorization_file(json.dumps(good))
        for argv, text in [
                ([], usage), ([LIBRARY, config, authorization], usage),
                ([LIBRARY, config, no_config, delta], f"{no_config}: cannot be read"),
                ([self.dir / "none.so", config, authorization, delta], "dlopen: "),
                ([NO_PLUGIN, config, authorization, delta], f"{NO_PLUGIN}: no flblk plugin of this ABI"),
                ([LIBRARY, no_config, authorization, delta], f"{no_config}: cannot be read")]:
            self.refuses([C_HOST, *argv], 1, f"c_host: {text}")
        for name, value in [("payload_id", "0x04"), ("payload_id", "0x04010203040506zz"), ("payload_id", 4),
                            ("timestamp", "now"), ("timestamp", None), ("authorizer_sig", "34"), ("authorizer_sig", ""),
                            ("builder_vk", [18] * 31), ("builder_vk", [18] * 33), ("builder_vk", [256] * 32),
                            ("builder_vk", [])]:
            bad = self.authorization_file(json.dumps({**good, name: value}), "bad-authorization.json")
            self.refuses([C_HOST, LIBRARY, config, bad, delta], 1,
                         f"c_host: {bad}: is no Authorization as flblkctl authorize prints it")
        taken = self.start("taken", FLBLKD, f"--datadir={self.dir / 'host'}", "--addr=127.0.0.1", "--port=0",
                           f"--authorizer-vk={self.authorizer_vk}")
        self.wait_for(taken, r"enode (\S+)")
        self.refuses([C_HOST, LIBRARY, config, authorization, delta], 1,
                     f"c_host: create: datadir {self.dir}/host: another node uses it")

    def test_the_c_host_says_what_the_plugin_refuses(self):
        first = json.loads(RECORDED.read_text())[0]
        slot = int(first["base"]["timestamp"], 16)
        good = json.loads(self.authorize(first["payload_id"], slot))
        _, enode, _ = self.flblkd("peer")
        config = self.host_config()
        with open(config, "a") as text:
            print(f'static_nodes = ["{enode}"]', file=text)
        missing, bad = self.dir / "none.json", self.dir / "bad.json"
        bad.write_text('{"payload_id":"0x04"}')
        other = list(bytes.fromhex(self.authorizer_vk))
        for changed, delta, text in [
                ({}, missing, f"{missing}: cannot be read"),
                ({}, bad, f"{bad}: flashblock.data: "),
                ({"authorizer_sig": "34" * 64}, missing, "forkchoice: authorization.authorizer_sig"),
                ({"builder_vk": other}, missing, "forkchoice: authorization.builder_vk")]:
            authorization = self.authorization_file(json.dumps({**good, **changed}))
            self.refuses([C_HOST, LIBRARY, config, authorization, delta], 1, f"c_host: {text}")

    def test_without_protoc_the_python_examples_say_what_to_install(self):
        (self.dir / "stubs").mkdir()
        result = subprocess.run([EXAMPLES / "python_builder/builder.py", "--grpc", "x"], capture_output=True, text=True,
                                timeout=LIMIT, env={"PATH": str(self.dir), "PYTHON_STUBS": str(self.dir / "stubs")})
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "protoc is missing: install protobuf-compiler and protobuf-compiler-grpc\n")

    def test_the_python_builder_says_what_is_wrong(self):
        builder, nobody = EXAMPLES / "python_builder/builder.py", f"unix:{self.dir}/nobody.sock"
        for argv, text in [
                ([], "builder.py: error: the following arguments are required: --grpc"),
                (["--grpc", nobody, "--deltas", "x"], "builder.py: error: argument --deltas: invalid int value: 'x'"),
                (["--grpc", nobody, "--dleta", "1"], "builder.py: error: unrecognized arguments: --dleta 1")]:
            self.refuses([builder, *argv], 2, text)
        self.refuses([builder, "--grpc", nobody], 1, f"builder.py: no node answers at {nobody} within 5 s")
        _, _, grpc = self.flblkd("sidecar", f"--builder-sk-file={self.builder}")
        for line, text in [("no JSON\n", "builder.py: standard input, line 1: no Authorization: "),
                           ("{}\n", "builder.py: standard input, line 1: no Authorization: "),
                           (self.another_builders_authorization() + "\n", "builder.py: PERMISSION_DENIED: authorization.builder_vk")]:
            self.refuses([builder, "--grpc", grpc], 1, text, stdin=line)

    def test_the_subscriber_says_what_is_wrong_and_goes_on(self):
        subscriber = EXAMPLES / "subscriber/subscriber.py"
        self.refuses([subscriber], 2, "subscriber.py: error: the following arguments are required: --grpc")
        self.refuses([subscriber, "--grpc", "x", "--count", "few"], 2,
                     "subscriber.py: error: argument --count: invalid int value: 'few'")
        nobody = f"unix:{self.dir}/nobody.sock"
        self.refuses([subscriber, "--grpc", nobody], 1, f"subscriber.py: no node answers at {nobody} within 5 s")
        sidecar, _, target = self.flblkd("ending", "--http=127.0.0.1:0")
        metrics = "http://" + self.wait_for(sidecar, r"(?m)^http (\S+)") + "/metrics"
        waiting = self.start("subscriber", subscriber, "--grpc", target)
        deadline = time.monotonic() + LIMIT
        while "flblk_subscribers 1" not in urllib.request.urlopen(metrics, timeout=LIMIT).read().decode():
            self.assertLess(time.monotonic(), deadline, "no subscriber came")
            time.sleep(0.02)
        sidecar.terminate()
        sidecar.wait(LIMIT)
        self.wait_for(waiting, r"(subscriber.py: UNAVAILABLE: .*; again)")
        self.assertIsNone(waiting.poll())

    def test_the_sample_configuration_is_accepted(self):
        dumped = subprocess.run([FLBLKD, "--config", str(EXAMPLES / "flblkd.toml"), "--dump-config"],
                                capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(dumped.returncode, 0, dumped.stderr)
        self.assertIn("port = 30303", dumped.stdout)

    def test_the_unit_file_stops_the_way_the_sidecar_expects(self):
        unit = (EXAMPLES / "systemd/flblkd.service.in").read_text()
        self.assertRegex(unit, r"(?m)^ExecStart=@bindir@/flblkd --config /etc/flblkd/flblkd.toml$")
        self.assertRegex(unit, r"(?m)^KillSignal=SIGTERM$")

    def wait_for_peer(self, target):
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if json.loads(ctl("status", "--json", "--grpc", target))["peers"] > 0:
                return
            time.sleep(0.05)
        self.fail(f"no peer at {target}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
