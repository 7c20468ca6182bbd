#!/usr/bin/env python3
"""What flblkd and flblkctl refuse, each with its exit code and one line: usage_test.py FLBLKD FLBLKCTL

No node runs here; loopback only.
"""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

FLBLKD, FLBLKCTL = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
LIMIT = 60  # seconds; generous, for sanitizers on a busy machine
USAGE, FAILURE = 2, 1
FILE_REFUSALS = ("No such file", "File exists", "exists already", "does not exist", "others may use it")
VK = "1361edebf7fd03a72aa23748e17eb5f6901b544cf80d3f410afa5e6e261d7281"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("FLBLK_")}


class UsageTest(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory(prefix="flblk")
        self.addCleanup(temp.cleanup)
        self.dir = temp.name
        self.nowhere = f"unix:{self.dir}/nobody.sock"
        self.key = self.file("key", "11" * 32)
        self.node_key = self.file("nodekey", "22" * 32)
        self.authorization = self.file("authorization.json", "{}")
        self.delta = self.file("delta.json", "[]")
        self.text = self.file("text", "no JSON")
        self.loose = self.file("loose", "0123456789abcdef", mode=0o644)

    def file(self, name, text, mode=0o600):
        path = pathlib.Path(self.dir, name)
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def run_program(self, program, args, env=None, stdin=None):
        return subprocess.run([program, *args], capture_output=True, text=True, timeout=LIMIT, input=stdin,
                              env={**ENVIRONMENT, **(env or {})})

    def check(self, program, args, code, text, env=None, stdin=None):
        """The last line on standard error is the refusal; nothing is on standard output."""
        with self.subTest(args=args):
            result = self.run_program(program, args, env, stdin)
            self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
            last = result.stderr.rstrip("\n").split("\n")[-1]
            self.assertTrue(last.startswith(f"{program.name}: {text}"), result.stderr)
            return result

    def check_ctl(self, args, text):
        """Exit code 1 where a file is not there or may not be used, 2 for what was typed wrongly."""
        self.check(FLBLKCTL, args, FAILURE if any(words in text for words in FILE_REFUSALS) else USAGE, text)

    # ------------------------------------------------------------------------------------------------ flblkctl
    def test_ctl_flags(self):
        for args, text in [
                (["--jsn"], "--jsn: unknown flag; the nearest known one is --json"),
                (["status", "--gprc", "x"], "--gprc: unknown flag; the nearest known one is --grpc"),
                (["status", "--grpc"], "--grpc: the value is missing"),
                (["history", "--count"], "--count: the value is missing"),
                (["publish", "x", "--authorization"], "--authorization: the value is missing"),
                (["status", "--json=true"], "--json: takes no value"),
                (["stauts"], "'stauts' is no command; see flblkctl --help")]:
            self.check(FLBLKCTL, args, USAGE, text)
        alone = self.run_program(FLBLKCTL, [])
        self.assertEqual((alone.returncode, alone.stdout), (USAGE, ""))
        self.assertTrue(alone.stderr.startswith("usage: flblkctl COMMAND"))
        self.assertRegex(self.run_program(FLBLKCTL, ["--version"]).stdout, r"^flblkctl \d+\.\d+\.\d+\n$")
        for flag in ("--help", "-h"):
            self.assertEqual(self.run_program(FLBLKCTL, [flag]).stdout, alone.stderr)
        far = self.check(FLBLKCTL, ["--quiet-please"], USAGE, "--quiet-please: unknown flag")
        self.assertNotIn("nearest", far.stderr)

    def test_ctl_key_files(self):
        missing = f"{self.dir}/none"
        for args, text in [
                (["keygen"], "usage: flblkctl keygen FILE [--node]"),
                (["keygen", "a", "b"], "usage: flblkctl keygen FILE [--node]"),
                (["keygen", self.key], f"key file {self.key}: File exists"),
                (["keygen", self.node_key, "--node"], f"key file {self.node_key}: exists already"),
                (["keygen", f"{missing}/key"], f"key file {missing}/key: No such file or directory"),
                (["pubkey"], "usage: flblkctl pubkey FILE [--node]"),
                (["pubkey", missing], f"key file {missing}: No such file or directory"),
                (["pubkey", missing, "--node"], f"key file {missing}: does not exist"),
                (["pubkey", self.loose], f"key file {self.loose}: others may use it (mode 0644), want mode 0600"),
                (["pubkey", self.text], f"key file {self.text}: want 64 hex digits, found 7"),
                (["pubkey", self.file("long", "1" * 2000)], f"key file {self.dir}/long: is longer than"),
                (["pubkey", self.file("zero", "00" * 32), "--node"], f"{self.dir}/zero: node key: not a secp256k1 secret"),
                (["enode", self.node_key], "usage: flblkctl enode NODEKEY-FILE HOST:PORT"),
                (["enode", missing, "127.0.0.1:1"], f"key file {missing}: does not exist"),
                (["enode", self.node_key, "127.0.0.1:70000"], "enode: port is not a number from 1 to 65535"),
                (["enode", self.node_key, "::1:30303"], "enode: host: an IPv6 address needs brackets"),
                (["enode", self.node_key, "h_!:1"], "enode: host is neither an IP address nor a DNS name")]:
            self.check_ctl(args, text)

    def test_ctl_authorize(self):
        good = {"authorizer-sk-file": self.key, "builder-vk": VK, "payload-id": "0x0401020304050607", "timestamp": "1"}

        def args(**changed):
            flags = {**good, **{name.replace("_", "-"): value for name, value in changed.items()}}
            return ["authorize", *(f"--{name}={value}" for name, value in flags.items() if value is not None)]

        self.assertEqual(self.run_program(FLBLKCTL, args()).returncode, 0)
        for name in good:
            self.check(FLBLKCTL, args(**{name: None}), USAGE, f"--{name}: missing")
        self.check(FLBLKCTL, [*args(), "more"], USAGE, "'more': authorize takes its values from flags")
        for changed, text in [
                ({"authorizer_sk_file": f"{self.dir}/none"}, f"key file {self.dir}/none: No such file or directory"),
                ({"builder_vk": "12"}, "--builder-vk: want 64 hex digits, found 2"),
                ({"builder_vk": "02" + "00" * 31}, "--builder-vk: is not a point of the Ed25519 curve"),
                ({"payload_id": "0x04"}, "--payload-id: want 16 hex digits, found 2"),
                ({"payload_id": "0x04010203040506zz"}, "--payload-id: has a character that is no hex digit"),
                ({"timestamp": "now"}, "--timestamp: 'now' is no number of seconds"),
                ({"timestamp": "-1"}, "--timestamp: '-1' is no number of seconds"),
                ({"timestamp": "18446744073709551616"}, "--timestamp: '18446744073709551616' is no number of seconds")]:
            self.check_ctl(args(**changed), text)

    def test_ctl_renew_journal(self):
        usage, missing = "usage: flblkctl renew-journal FILE --builder-vk HEX", f"{self.dir}/none"
        for args, text in [
                ([], usage), (["a", "b"], usage),
                ([missing], "--builder-vk: is empty, want 64 hex digits"),
                ([missing, "--builder-vk=1"], "--builder-vk: want 64 hex digits, found 1"),
                ([missing, f"--builder-vk={VK}"], f"sign_once_journal {missing}: No such file or directory")]:
            self.check_ctl(["renew-journal", *args], text)

    def test_ctl_what_is_refused_before_a_node_is_asked(self):
        missing = f"{self.dir}/none"
        publish = "usage: flblkctl publish FILE.json [--authorization FILE.json [--wait SECONDS] [--seal]] [--interval-ms N]"
        for args, text in [
                (["add-peer"], "usage: flblkctl add-peer ENODE [--trusted]"),
                (["remove-peer"], "usage: flblkctl remove-peer ENODE|NODE-ID"),
                (["remove-peer", "12"], "node id: want 128 hex digits, found 2"),
                (["remove-peer", "enode://12@127.0.0.1:1"], "enode: node id is not 128 hex characters"),
                (["history", "--count=1025"], "--count: '1025' is not in 0..1024"),
                (["history", "--count=few"], "--count: 'few' is not in 0..1024"),
                (["watch", "--count=few"], "--count: 'few' is no number"),
                (["tail", "--count=-1"], "--count: '-1' is no number"),
                (["publish"], publish), (["publish", "a", "b"], publish),
                (["publish", self.delta, "--interval-ms=60001"], "--interval-ms: '60001' is not in 0..60000"),
                (["publish", self.delta, "--interval-ms=1s"], "--interval-ms: '1s' is not in 0..60000"),
                (["publish", self.delta, "--wait=soon"], "--wait: 'soon' is not in 0..3600"),
                (["publish", self.delta, "--wait=3601"], "--wait: '3601' is not in 0..3600"),
                (["publish", self.delta, "--wait=1"], "--wait: needs --authorization"),
                (["publish", self.delta, "--seal"], "--seal: needs --authorization"),
                (["publish", missing], f"file {missing}: No such file or directory"),
                (["publish", self.dir], f"file {self.dir}: cannot be read"),
                (["publish", self.file("empty", "")], f"file {self.dir}/empty: empty"),
                (["publish", self.text], f"file {self.text}: no JSON"),
                (["publish", self.delta, f"--authorization={missing}"], f"file {missing}: No such file or directory"),
                (["publish", self.delta, f"--authorization={self.authorization}"], "--authorization: "),
                (["status", f"--token-file={missing}"], f"grpc_token_file {missing}: No such file or directory"),
                (["status", f"--token-file={self.loose}"], f"grpc_token_file {self.loose}: others may use it (mode 0644)"),
                (["status", f"--tls-ca={missing}"], f"--tls-ca {missing}: No such file or directory")]:
            self.check_ctl([f"--grpc={self.nowhere}", *args], text)
        for command in ["status", "peers", "history", "equivocations", "block", "watch", "tail", "stop"]:
            self.check(FLBLKCTL, [f"--grpc={self.nowhere}", command, "more"], USAGE,
                       f"'more': {command} takes no argument")
        self.check(FLBLKCTL, [f"--grpc={self.nowhere}", "publish", "-"], USAGE, "file -: no JSON", stdin="no JSON")

    def test_ctl_a_node_that_is_not_there(self):
        delta = self.file("one.json", "{}")
        for args in [["status"], ["peers"], ["history"], ["equivocations"], ["block"], ["stop"], ["watch"], ["tail"],
                     ["add-peer", f"enode://{'12' * 64}@127.0.0.1:1"], ["remove-peer", "12" * 64], ["publish", delta]]:
            self.check(FLBLKCTL, [f"--grpc={self.nowhere}", *args], FAILURE, "UNAVAILABLE: failed to connect")
        self.check(FLBLKCTL, ["status"], FAILURE, "UNAVAILABLE: failed to connect", env={"FLBLK_GRPC": self.nowhere})

    def test_ctl_takes_what_the_sidecars_setting_takes(self):
        both = f"{self.nowhere}, 127.0.0.1:1"
        self.check(FLBLKCTL, ["status"], FAILURE, "UNAVAILABLE: failed to connect", env={"FLBLK_GRPC": both})
        self.check(FLBLKCTL, ["status", f"--grpc={both}"], FAILURE, "UNAVAILABLE: ", env={"FLBLK_GRPC": "none"})
        for value, text in [("none", "'none' names no place where a node listens"),
                            ("", "'' names no place where a node listens"),
                            ("/run/s", "'/run/s': a Unix socket is written unix:/run/s")]:
            self.check(FLBLKCTL, ["status"], USAGE, f"FLBLK_GRPC: {text}", env={"FLBLK_GRPC": value})
            self.check(FLBLKCTL, ["status", f"--grpc={value}"], USAGE, f"--grpc: {text}")

    # -------------------------------------------------------------------------------------------------- flblkd
    def refuse(self, flags, code, text, **kwargs):
        base = [f"--datadir={self.dir}/node", "--addr=127.0.0.1", "--port=0", f"--authorizer-vk={VK}"]
        given = {flag.split("=")[0] for flag in flags}
        base = [flag for flag in base if flag.split("=")[0] not in given]
        return self.check(FLBLKD, [*base, *flags], code, text, **kwargs)

    def test_sidecar_settings(self):
        config = self.file("flblkd.toml", "\nmax_send_peers = true\n")
        for flags, text in [
                (["start"], "'start': flags begin with --"),
                (["--max-send-pears=1"], "--max-send-pears: unknown flag; the nearest known one is --max-send-peers"),
                (["--config"], "--config: the value is missing"),
                (["--no-listen=true"], "--no-listen: takes no value"),
                ([f"--config={config}"], f"{config}:2: max_send_peers: expected an integer, found a boolean"),
                ([f"--config={self.dir}"], f"--config: '{self.dir}' is no regular file"),
                (["--max-receive-peers=0"], "--max-receive-peers: '0' is not in 1..1000")]:
            self.refuse(flags, USAGE, text)
        self.refuse([], USAGE, "FLBLK_STALE_AFTER: '9' has no unit", env={"FLBLK_STALE_AFTER": "9"})
        self.refuse([], USAGE, "FLBLK_BUILDER_SK: the key: want 64 hex digits, found 6",
                    env={"FLBLK_BUILDER_SK": "secret"})
        self.refuse(["--grpc=/run/flblk.sock"], USAGE, "--grpc: '/run/flblk.sock' is no endpoint (none, unix:/path or "
                    "host:port): a Unix socket is written unix:/run/flblk.sock")
        self.check(FLBLKD, [], USAGE, "authorizer_vk: missing")
        self.assertEqual(self.run_program(FLBLKD, ["-h"]).stdout, self.run_program(FLBLKD, ["--help"]).stdout)

    def test_sidecar_files(self):
        missing = f"{self.dir}/none"
        loose_key = self.file("node-loose", "22" * 32, mode=0o640)
        for flags, text in [
                ([f"--datadir={self.text}"], f"datadir {self.text}/lock: Not a directory"),
                ([f"--datadir={missing}/deeper"], f"datadir {missing}/deeper: No such file or directory"),
                ([f"--nodekey={loose_key}"], f"nodekey: key file {loose_key}: others may use it (mode 0640)"),
                ([f"--nodekey={self.text}"], f"nodekey: key file {self.text}: want 64 hex digits, found 7"),
                ([f"--builder-sk-file={missing}"], f"builder_sk_file: key file {missing}: No such file or directory"),
                ([f"--builder-sk-file={self.key}", f"--sign-once-journal={self.dir}"],
                 f"sign_once_journal {self.dir}: Is a directory"),
                ([f"--grpc-token-file={missing}"], f"grpc_token_file {missing}: No such file or directory"),
                ([f"--grpc-tls-cert={missing}", f"--grpc-tls-key={self.key}"],
                 f"grpc_tls_cert {missing}: No such file or directory"),
                ([f"--grpc-tls-cert={self.text}", f"--grpc-tls-key={self.key}"],
                 "grpc_tls_cert: holds no PEM certificate"),
                ([f"--grpc=unix:{missing}/s"], f"grpc: unix:{missing}/s: the directory {missing} does not exist: make it, or set grpc to another place"),
                ([f"--grpc=unix:{self.text}"], f"grpc: unix:{self.text}: exists and is no socket; it is left alone")]:
            self.refuse(flags, FAILURE, text)

    def test_sidecar_static_nodes_are_within_their_limit(self):
        keys = [self.file(f"static{i}", f"{i}{i}" * 32) for i in (3, 4, 5)]
        enodes = [self.run_program(FLBLKCTL, ["enode", key, "127.0.0.1:9"]).stdout.strip() for key in keys]
        flags = ["--max-outbound-peers=2", "--static-nodes=" + ",".join(enodes)]
        self.refuse(flags, FAILURE, "static_nodes: 3 are more than max_outbound_peers (2)")
        # Our own name in the list does not count: one list serves all machines of a set.
        self.refuse([*flags, f"--nodekey={keys[0]}", "--grpc=unix:" + self.text], FAILURE, "grpc: ")

    def test_sidecar_sockets(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        live = socket.socket(socket.AF_UNIX)
        self.addCleanup(live.close)
        live.bind(f"{self.dir}/live")
        live.listen(1)
        for flags, text in [
                ([f"--port={taken.getsockname()[1]}"], f"addr, port: listen on {place}: Address already in use"),
                ([f"--grpc={place}"], f"grpc {place}: Address already in use"),
                ([f"--http={place}"], f"http {place}: Address already in use"),
                ([f"--grpc=unix:{self.dir}/live"], f"grpc: unix:{self.dir}/live: another process listens there")]:
            self.refuse(flags, FAILURE, text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
