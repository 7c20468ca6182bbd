#!/usr/bin/env python3
"""flblkd and flblkctl as an operator uses them: sidecar_test.py FLBLKD FLBLKCTL FIXTURES

Loopback only; every process is ended by its own handle; every wait is bounded.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

FLBLKD, FLBLKCTL, FIXTURES = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
LIMIT = 60  # seconds; generous, for sanitizers on a busy machine
RECORDED = FIXTURES / "op-alloy_unichain_sepolia_block_35535698_sequence.json"


def run(program, *args, env=None, check=True, stdin=None):
    result = subprocess.run([program, *args], capture_output=True, text=True, timeout=LIMIT, input=stdin,
                            env={**os.environ, **(env or {})})
    if check and result.returncode != 0:
        raise AssertionError(f"{program.name} {args}: {result.returncode}: {result.stderr}")
    return result


class Node:
    """A running flblkd."""

    def __init__(self, directory, *flags, env=None):
        self.directory = directory
        command = [FLBLKD, f"--datadir={directory}", "--addr=127.0.0.1", "--port=0", *flags]
        self.log = open(f"{directory}.log", "w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, **(env or {})})
        self.said = {}
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            self.said[word] = rest
            if word == "http":
                break

    def ctl(self, *args, **kwargs):
        return run(FLBLKCTL, f"--grpc=unix:{self.directory}/flblk.sock", *args, **kwargs)

    def status(self):
        return json.loads(self.ctl("status", "--json").stdout)

    def end(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(LIMIT)
        self.process.stdout.close()
        self.log.close()
        return code


class SidecarTest(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.TemporaryDirectory(prefix="flblk")
        self.addCleanup(self.temp.cleanup)
        self.dir = self.temp.name
        self.authorizer = run(FLBLKCTL, "keygen", f"{self.dir}/authorizer").stdout.strip()
        self.builder = run(FLBLKCTL, "keygen", f"{self.dir}/builder").stdout.strip()

    def start(self, name, *flags, env=None):
        node = Node(f"{self.dir}/{name}", f"--authorizer-vk={self.authorizer}", *flags, env=env)
        self.addCleanup(node.end)
        return node

    def authorize(self, payload_id, timestamp):
        return run(FLBLKCTL, "authorize", f"--authorizer-sk-file={self.dir}/authorizer", f"--builder-vk={self.builder}",
                   f"--payload-id={payload_id}", f"--timestamp={timestamp}").stdout

    def wait_for(self, what, limit=LIMIT):
        end = time.monotonic() + limit
        while not what():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.02)

    # ------------------------------------------------------------------------------------------------ flblkctl
    def test_keys(self):
        path = f"{self.dir}/key"
        public = run(FLBLKCTL, "keygen", path, "--json")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(json.loads(public.stdout)["public_key"], run(FLBLKCTL, "pubkey", path).stdout.strip())
        self.assertNotIn(pathlib.Path(path).read_text().strip(), public.stdout)
        again = run(FLBLKCTL, "keygen", path, check=False)
        self.assertEqual(again.returncode, 1)
        node = f"{self.dir}/nodekey"
        node_id = run(FLBLKCTL, "keygen", node, "--node").stdout.strip()
        self.assertEqual(len(node_id), 128)
        self.assertEqual(run(FLBLKCTL, "pubkey", node, "--node").stdout.strip(), node_id)
        self.assertEqual(run(FLBLKCTL, "enode", node, "[::1]:30303").stdout.strip(), f"enode://{node_id}@[::1]:30303")
        os.chmod(path, 0o644)
        self.assertIn("0644", run(FLBLKCTL, "pubkey", path, check=False).stderr)

    def test_authorize_is_json(self):
        authorization = json.loads(self.authorize("0x0401020304050607", 1700000002))
        self.assertEqual(authorization["payload_id"], "0x0401020304050607")
        self.assertEqual(bytes(authorization["builder_vk"]).hex(), self.builder)

    def test_ctl_errors(self):
        for args, text in [(["stauts"], "is no command"), (["status", "--jsn"], "nearest known one is --json"),
                           (["keygen"], "usage"), (["authorize"], "--authorizer-sk-file: missing"),
                           (["--grpc=unix:/nonexistent", "status"], "connect"), ([], "usage")]:
            result = run(FLBLKCTL, *args, check=False)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(text, result.stderr)

    def test_what_a_node_refuses_is_told_in_one_line(self):
        token = f"{self.dir}/token"
        pathlib.Path(token).write_text("0123456789abcdef")
        os.chmod(token, 0o600)
        wrong = f"{self.dir}/wrong"
        pathlib.Path(wrong).write_text("fedcba9876543210")
        os.chmod(wrong, 0o600)
        node = self.start("node", f"--builder-sk-file={self.dir}/builder", "--max-outbound-peers=1",
                          f"--grpc=unix:{self.dir}/node/flblk.sock,127.0.0.1:0", f"--grpc-token-file={token}")
        tcp = "--grpc=" + node.said["grpc"].split(",")[1]
        unix = "--grpc=" + node.said["grpc"].split(",")[0]
        stranger = f"{self.dir}/stranger"
        pathlib.Path(stranger).write_text(
            run(FLBLKCTL, "authorize", f"--authorizer-sk-file={self.dir}/authorizer", f"--builder-vk={self.authorizer}",
                "--payload-id=0x0400000000000001", f"--timestamp={int(time.time())}").stdout)

        def enode(digits):
            key = f"{self.dir}/enode-{digits}"
            pathlib.Path(key).write_text(digits * 32)
            os.chmod(key, 0o600)
            return run(FLBLKCTL, "enode", key, "127.0.0.1:9").stdout.strip()

        run(FLBLKCTL, unix, "add-peer", enode("11"))
        unauthenticated = "UNAUTHENTICATED: authorization: the bearer token of grpc_token_file is missing or wrong"
        for args, text in [
                ([tcp, "status"], unauthenticated),
                ([tcp, f"--token-file={wrong}", "peers"], unauthenticated),
                ([unix, "add-peer", "enode://12@127.0.0.1:1"], "INVALID_ARGUMENT: enode: node id is not 128 hex characters"),
                ([unix, "add-peer", node.said["enode"]], "INVALID_ARGUMENT: enode: node id is our own"),
                ([unix, "add-peer", enode("22")], "RESOURCE_EXHAUSTED: max_outbound_peers: 1 peers are configured"),
                ([unix, "remove-peer", "12" * 64], "FAILED_PRECONDITION: no peer has the node id 12121212"),
                ([unix, "block"], "NOT_FOUND: no flashblock of any block has come yet"),
                ([unix, "publish", str(RECORDED), f"--authorization={stranger}"], "PERMISSION_DENIED: authorization.builder_vk"),
                ([unix, "publish", str(RECORDED)], "FAILED_PRECONDITION: not cleared to publish: the hand-off is idle")]:
            with self.subTest(args=args):
                result = run(FLBLKCTL, *args, check=False)
                self.assertEqual(result.returncode, 1)
                self.assertTrue(result.stderr.startswith(f"flblkctl: {text}"), result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(run(FLBLKCTL, tcp, f"--token-file={token}", "equivocations").stdout, "no equivocations\n")
        self.assertEqual(run(FLBLKCTL, unix, "peers").stdout, "no peers\n")
        self.assertEqual(run(FLBLKCTL, unix, "peers", "--json").stdout, "")
        self.assertEqual(run(FLBLKCTL, unix, "history").stdout, "no history: no transition since the start\n")

    # ------------------------------------------------------------------------------------------ flblkd's settings
    def test_help_version_dump(self):
        self.assertIn("--takeover-after", run(FLBLKD, "--help").stdout)
        self.assertRegex(run(FLBLKD, "--version").stdout, r"^flblkd \d+\.\d+\.\d+\n$")
        config = f"{self.dir}/flblkd.toml"
        pathlib.Path(config).write_text('max_send_peers = 4\nmax_receive_peers = 2\n')
        told = run(FLBLKD, f"--config={config}", "--dump-config", "--world-chain=mainnet",
                   env={"FLBLK_MAX_SEND_PEERS": "5", "FLBLK_BUILDER_SK": "42" * 32, "FLBLK_TRUSTED_PEER": "x"})
        self.assertIn("FLBLK_TRUSTED_PEER: no setting, ignored; the nearest known one is FLBLK_TRUSTED_PEERS", told.stderr)
        dump = told.stdout
        self.assertIn("max_send_peers = 5\n", dump)
        self.assertIn("max_receive_peers = 2\n", dump)
        self.assertIn("network_id = 480\n", dump)
        self.assertNotIn("4242", dump)

    def test_refusals_exit_at_once_with_one_line(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = taken.getsockname()[1]
        key = f"{self.dir}/loose"
        pathlib.Path(key).write_text("11" * 32)
        os.chmod(key, 0o644)
        base = [f"--datadir={self.dir}/refused", "--addr=127.0.0.1", f"--authorizer-vk={self.authorizer}"]
        for flags, code, text in [
                (["--max-send-pears=1"], 2, "nearest known one is --max-send-peers"),
                (["--port=0", "--grpc=0.0.0.0:50051"], 2, "can be reached from other machines"),
                (["--port=0", f"--builder-sk-file={key}"], 1, "others may use it (mode 0644)"),
                (["--port=0", f"--builder-sk-file={self.dir}/none"], 1, "builder_sk_file"),
                ([f"--port={port}"], 1, str(port)),
                (["--port=0", f"--grpc=127.0.0.1:{port}"], 1, f"grpc 127.0.0.1:{port}: Address already in use"),
                (["--port=0", f"--http=127.0.0.1:{port}"], 1, f"http 127.0.0.1:{port}: Address already in use")]:
            result = run(FLBLKD, *base, *flags, check=False)
            self.assertEqual(result.returncode, code, result.stderr)
            last = result.stderr.strip().splitlines()[-1]
            self.assertTrue(last.startswith("flblkd: "), result.stderr)
            self.assertIn(text, last)

    # --------------------------------------------------------------------------------------------------- a life
    def test_a_block_goes_through_two_nodes(self):
        block = json.loads(RECORDED.read_text())
        publisher = self.start("publisher", f"--builder-sk-file={self.dir}/builder", "--http=127.0.0.1:0")
        relay = self.start("relay")
        relay.ctl("add-peer", publisher.said["enode"], "--trusted")
        self.wait_for(lambda: relay.status()["peers"] == 1 and publisher.status()["peers"] == 1)
        # The relay is fed once it has asked and was accepted.
        self.wait_for(lambda: any(json.loads(p)["receiving_from"] for p in relay.ctl("peers", "--json").stdout.splitlines()))
        self.assertRegex(relay.ctl("peers").stdout, r" trusted +(feeds-us|both-ways) +flblk/2 ")
        self.assertRegex(publisher.ctl("peers").stdout, r" untrusted +(we-feed|both-ways) +flblk/2 ")
        authorization = f"{self.dir}/authorization.json"
        pathlib.Path(authorization).write_text(
            self.authorize("0x04" + block[0]["payload_id"][4:], int(block[0]["base"]["timestamp"], 16)))
        published = publisher.ctl("publish", str(RECORDED), f"--authorization={authorization}", "--seal", "--json").stdout
        self.assertEqual([json.loads(line)["index"] for line in published.splitlines()], list(range(len(block))))
        tail = relay.ctl("tail", f"--count={len(block)}", "--json").stdout.splitlines()
        for index, line in enumerate(tail):
            flashblock = json.loads(line)
            self.assertEqual(flashblock["index"], index)
            self.assertEqual(flashblock["payload_id"], "0x04" + block[0]["payload_id"][4:])
            self.assertEqual(flashblock["diff"]["transactions"], block[index]["diff"]["transactions"])
            self.assertEqual(flashblock["builder_vk"], "0x" + self.builder)
        whole = json.loads(relay.ctl("block", "--json").stdout)
        self.assertEqual(whole["block_hash"], block[-1]["diff"]["block_hash"])
        self.assertEqual(len(whole["transactions"]), sum(len(f["diff"]["transactions"]) for f in block))
        self.assertEqual(whole["gas_used"], int(block[-1]["diff"]["gas_used"], 16))
        refused = publisher.ctl("publish", str(RECORDED), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stdout, r"^index 0 refused: [A-Z_]+: ")
        watch = json.loads(publisher.ctl("watch", "--count=1", "--json").stdout)
        self.assertEqual(watch["state"], "publishing")
        self.assertTrue(relay.ctl("watch", "--count=1").stdout.startswith("- idle"))  # nothing happened yet
        publisher.ctl("stop")
        history = [json.loads(line) for line in publisher.ctl("history", "--json").stdout.splitlines()]
        self.assertEqual([entry["to"] for entry in history], ["publishing", "idle"])
        self.assertEqual([entry["reason"] for entry in history], ["", "flblkctl stop"])
        metrics = urllib.request.urlopen(f"http://{publisher.said['http']}/metrics", timeout=LIMIT).read().decode()
        self.assertIn(f'flblk_flashblocks_total{{source="own"}} {len(block)}', metrics)
        relay.ctl("remove-peer", publisher.said["enode"])
        self.wait_for(lambda: publisher.status()["peers"] == 0)

    def test_publish_waits_for_the_clearance(self):
        vk = run(FLBLKCTL, "keygen", f"{self.dir}/builder2").stdout.strip()
        first = self.start("first", f"--builder-sk-file={self.dir}/builder")
        second = self.start("second", f"--builder-sk-file={self.dir}/builder2", "--trusted-peers=" + first.said["enode"])
        self.wait_for(lambda: first.status()["peers"] == 1 and second.status()["peers"] == 1)
        delta = json.loads(RECORDED.read_text())[0]
        slot, payload_id = int(delta["base"]["timestamp"], 16), "0x04" + delta["payload_id"][4:]
        files = {"delta.json": json.dumps(delta), "none.json": "[]", "first.json": self.authorize(payload_id, slot),
                 "second.json": run(FLBLKCTL, "authorize", f"--authorizer-sk-file={self.dir}/authorizer", f"--builder-vk={vk}",
                                    f"--payload-id={payload_id}", f"--timestamp={slot}").stdout}
        for name, text in files.items():
            pathlib.Path(self.dir, name).write_text(text)
        first.ctl("publish", f"{self.dir}/delta.json", f"--authorization={self.dir}/first.json", "--wait=30")
        second.ctl("tail", "--count=1")
        publish = ["publish", f"{self.dir}/none.json"]
        first.process.send_signal(signal.SIGSTOP)  # it cannot yield now
        self.addCleanup(first.process.send_signal, signal.SIGCONT)
        late = second.ctl(*publish, f"--authorization={self.dir}/second.json", "--wait=1", check=False)
        self.assertEqual(late.returncode, 1)
        self.assertEqual(late.stderr, "flblkctl: DEADLINE_EXCEEDED: --wait: not cleared to publish within 1 s; the hand-off "
                         "is waiting\n")
        waiting = subprocess.Popen([FLBLKCTL, f"--grpc=unix:{second.directory}/flblk.sock", *publish,
                                    f"--authorization={self.dir}/second.json", "--wait=30"])
        self.addCleanup(waiting.wait, LIMIT)
        first.process.send_signal(signal.SIGCONT)
        self.assertEqual(waiting.wait(LIMIT), 0)
        self.assertEqual(second.status()["state"], "publishing")

    def test_probes(self):
        node = self.start("node", "--http=127.0.0.1:0")
        stale = self.start("stale", "--http=127.0.0.1:0", "--stale-after=1s")

        def get(of, page):
            try:
                with urllib.request.urlopen(f"http://{of.said['http']}{page}", timeout=LIMIT) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        for page, status in [("/livez", "live"), ("/readyz", "ready")]:
            self.assertEqual(get(node, page), (200, f'{{"status":"{status}","reason":""}}\n'))
        self.wait_for(lambda: get(node, "/healthz")[0] == 206)  # 200 for the first 5 s
        self.assertEqual(json.loads(get(node, "/healthz")[1]), {"status": "degraded", "reason": "no peers"})
        self.wait_for(lambda: get(stale, "/healthz")[0] == 503)
        health = json.loads(get(stale, "/healthz")[1])
        self.assertEqual(health["status"], "unhealthy")
        self.assertIn("(stale_after: 1.0 s)", health["reason"])
        self.assertEqual(get(stale, "/readyz")[0], 200)  # it serves; only nothing comes
        node.ctl("add-peer", stale.said["enode"])
        self.wait_for(lambda: get(node, "/healthz")[0] == 200)
        self.assertEqual(get(node, "/nothing")[0], 404)

    def test_signals(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            node = self.start(f"node{sig}", env={"FLBLK_BUILDER_SK": pathlib.Path(f"{self.dir}/builder").read_text()})
            self.assertEqual(node.status()["builder_vk"], "0x" + self.builder)
            begin = time.monotonic()
            self.assertEqual(node.end(sig), 0)
            self.assertLess(time.monotonic() - begin, 10)
            self.assertFalse(os.path.exists(f"{node.directory}/flblk.sock"))

    def test_hangup_reads_the_peers_and_the_log_level_again(self):
        friend = self.start("friend")
        config = pathlib.Path(f"{self.dir}/flblkd.toml")
        config.write_text("max_send_peers = 4\n")
        node = self.start("node", f"--config={config}")
        log = pathlib.Path(f"{node.directory}.log")

        def reload(text, awaited):
            before = log.stat().st_size
            config.write_text(text)
            node.process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: awaited in log.read_text()[before:])
            return log.read_text()[before:]

        enode = friend.said["enode"]
        said = reload(f'max_send_peers = 5\ntrusted_peers = ["{enode}"]\n', "configuration read again")
        self.assertIn(f"msg=\"peer added\" enode={enode} trusted=true", said)
        self.assertIn("max_send_peers has changed and needs a restart", said)
        self.wait_for(lambda: friend.status()["peers"] == 1)
        said = reload("max_send_pears = 4\n", 'event=reconfigured msg="SIGHUP: configuration refused, nothing has changed')
        self.assertIn("nearest known one is max_send_peers", said)
        self.assertEqual(friend.status()["peers"], 1)
        config.unlink()
        before = log.stat().st_size
        node.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "cannot open" in log.read_text()[before:])
        self.assertNotIn("flashblock received", log.read_text())
        said = reload('max_send_peers = 4\nlog_level = "error"\n', "configuration read again")
        self.assertIn(f"msg=\"peer removed\" enode={enode}", said)
        self.assertNotIn("needs a restart", said)
        self.wait_for(lambda: friend.status()["peers"] == 0)
        size = log.stat().st_size
        node.process.send_signal(signal.SIGHUP)  # says nothing below error any more
        self.assertEqual(node.status()["health"], 200)
        self.assertEqual(node.end(), 0)
        self.assertNotIn("configuration read again", log.read_text()[size:])

    def test_a_damaged_journal_is_refused_and_renewed(self):
        journal = pathlib.Path(f"{self.dir}/journal")
        flags = [f"--sign-once-journal={journal}", f"--builder-sk-file={self.dir}/builder"]
        self.start("first", *flags).end()
        journal.write_bytes(b"damaged" + journal.read_bytes()[7:])
        base = [f"--datadir={self.dir}/second", "--addr=127.0.0.1", "--port=0", f"--authorizer-vk={self.authorizer}"]
        refused = run(FLBLKD, *base, *flags, check=False)
        self.assertEqual(refused.returncode, 1)
        mend = f"flblkctl renew-journal {journal} --builder-vk {self.builder}"
        self.assertIn(f"sign_once_journal {journal}: corrupt: the header is damaged", refused.stderr)
        self.assertIn(mend, refused.stderr)
        aside = run(FLBLKCTL, *mend.split()[1:]).stdout.strip()
        self.assertTrue(pathlib.Path(aside).read_bytes().startswith(b"damaged"))
        self.assertEqual(self.start("third", *flags).status()["health"], 200)

    def test_json_log(self):
        node = self.start("node", "--log-format=json")
        node.end()
        lines = pathlib.Path(f"{node.directory}.log").read_text().splitlines()
        messages = [json.loads(line) for line in lines]
        self.assertTrue(any("started" in m["msg"] and m["level"] == "info" for m in messages))
        self.assertTrue(all(m["ts"].endswith("Z") for m in messages))

    def test_a_killed_node_leaves_nothing_that_stops_the_next(self):
        node = self.start("node")
        first = node.said["enode"].split("@")[0]
        node.process.kill()
        node.process.wait(LIMIT)
        self.assertTrue(os.path.exists(f"{node.directory}/flblk.sock"))
        again = self.start("node")
        self.assertEqual(again.said["enode"].split("@")[0], first)
        self.assertEqual(again.status()["health"], 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
