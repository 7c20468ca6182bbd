#!/usr/bin/python3
"""A block builder in Python beside a flblkd sidecar.

    builder.py --grpc unix:/path/flblk.sock [--deltas N] [--interval-ms I] < authorizations

A real builder gets each Authorization with the sequencer's forkchoice (flashblocks_forkchoiceUpdatedV3). Here one
arrives per line of standard input, as `flblkctl authorize` prints it; the end of input ends the program. For each it
tells the sidecar, waits for its clearance, publishes what is left of the block from the resume point on, and seals.
Exit code 1 where anything was refused.
"""
import argparse
import hashlib
import json
import queue
import sys
import threading
import time

import grpc

import flblk_stubs

types, api, api_grpc, _, _ = flblk_stubs.load()
CLEARANCE_LIMIT = 4.0  # seconds
CONNECT_LIMIT = 5.0  # seconds
LARGE = [("grpc.max_receive_message_length", -1)]  # a clearance carries the block so far


def raw(value):
    """Bytes of hex text (0x or not) or of an array of numbers."""
    return bytes(value) if isinstance(value, list) else bytes.fromhex(value.removeprefix("0x"))


def read_authorization(line):
    fields = json.loads(line)
    return types.Authorization(payload_id=raw(fields["payload_id"]), timestamp=int(fields["timestamp"]),
                               builder_vk=raw(fields["builder_vk"]), authorizer_sig=raw(fields["authorizer_sig"]))


def make_delta(slot, number, index):
    """A toy: a function of slot and index, so that a builder can continue what another one began."""
    def digest(tag):
        return hashlib.sha256(f"{slot} {index} {tag}".encode()).digest()

    delta = types.FlashblocksPayloadV1(index=index)
    delta.diff.state_root = digest("state")
    delta.diff.receipts_root = digest("receipts")
    delta.diff.block_hash = digest("block")
    delta.diff.gas_used = 21_000 * (index + 1)
    delta.diff.transactions.append(b"\x02" + digest("transaction") * 4)
    delta.metadata.fees = (1000 * (index + 1)).to_bytes(8, "big")
    if index == 0:
        delta.base.parent_beacon_block_root = digest("beacon")
        delta.base.parent_hash = digest("parent")
        delta.base.fee_recipient = digest("fees")[:20]
        delta.base.prev_randao = digest("randao")
        delta.base.block_number = number
        delta.base.gas_limit = 60_000_000
        delta.base.timestamp = slot
        delta.base.base_fee_per_gas = b"\x33"
    return delta


class Builder:
    def __init__(self, target, deltas, interval):
        channel = grpc.insecure_channel(target, LARGE)
        try:
            grpc.channel_ready_future(channel).result(CONNECT_LIMIT)
        except grpc.FutureTimeoutError:
            sys.exit(f"builder.py: no node answers at {target} within {CONNECT_LIMIT:.0f} s")
        self.stub = api_grpc.BuilderStub(channel)
        self.deltas, self.interval = deltas, interval
        self.changed = threading.Condition()
        self.event = None
        self.requests = queue.Queue()
        self.answers = self.stub.Publish(iter(self.requests.get, None), wait_for_ready=True)
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:  # the sidecar may be restarted
            try:
                self.follow()
            except grpc.RpcError as error:
                print(f"watch: {error.code().name}: {error.details()}", file=sys.stderr, flush=True)
            time.sleep(1)

    def follow(self):
        for event in self.stub.WatchPublishing(api.WatchPublishingRequest(), wait_for_ready=True):
            state = types.PublishState.Name(event.state).removeprefix("PUBLISH_STATE_").lower()
            cause = types.Cause.Name(event.cause).removeprefix("CAUSE_").lower()
            print(f"{state} ({cause}), next index {event.next_index}", flush=True)
            with self.changed:
                self.event = event
                self.changed.notify_all()

    def await_clearance(self, payload_id):
        def cleared():
            return (self.event is not None and self.event.state == types.PUBLISH_STATE_PUBLISHING
                    and self.event.authorization.payload_id == payload_id)

        with self.changed:
            if not self.changed.wait_for(cleared, CLEARANCE_LIMIT):
                sys.exit("builder.py: no clearance in time: another builder publishes")
            if len(self.event.flashblocks) != self.event.next_index:
                sys.exit("builder.py: the predecessor's flashblocks are incomplete")
            return self.event.next_index

    def publish(self, delta):
        self.requests.put(api.PublishRequest(flashblock=delta, sequence=delta.index))
        answer = next(self.answers)
        if answer.code != 0:
            sys.exit(f"builder.py: index {delta.index} refused: {answer.message}")
        return answer

    def build(self, authorization, number):
        attributes = api.PayloadAttributes(timestamp=authorization.timestamp, block_number=number)
        self.stub.ForkchoiceUpdated(
            api.ForkchoiceUpdatedRequest(attributes=attributes, authorization=authorization), wait_for_ready=True)
        for index in range(self.await_clearance(authorization.payload_id), self.deltas):
            answer = self.publish(make_delta(authorization.timestamp, number, index))
            print(f"block {number}: published index {answer.index} as {answer.payload_id.hex()}", flush=True)
            time.sleep(self.interval)
        self.stub.PayloadSealed(api.PayloadSealedRequest(payload_id=authorization.payload_id))

    def close(self):
        self.stub.Stop(api.StopRequest(reason="the builder ends"))
        self.requests.put(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--grpc", required=True, help="unix:/path or host:port of the sidecar")
    parser.add_argument("--deltas", type=int, default=5, help="flashblocks per block (5)")
    parser.add_argument("--interval-ms", type=int, default=200, help="time between flashblocks (200)")
    options = parser.parse_args()
    builder = Builder(options.grpc, options.deltas, options.interval_ms / 1000)
    try:
        for number, line in enumerate(sys.stdin, start=1):
            try:
                authorization = read_authorization(line)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                sys.exit(f"builder.py: standard input, line {number}: no Authorization: {error!r}")
            builder.build(authorization, number)
        builder.close()
    except grpc.RpcError as error:
        sys.exit(f"builder.py: {error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
