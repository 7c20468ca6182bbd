#!/usr/bin/python3
"""Prints the verified flashblocks of the network as one flblkd node gives them: in order, each once.

    subscriber.py --grpc unix:/path/flblk.sock [--count N] [--json]

Starts with the current block from index 0. Subscribes again when the node restarts. --count ends it after N
flashblocks; --json prints one object per line instead of a table row.
"""
import argparse
import json
import pathlib
import sys
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python_builder"))
import flblk_stubs  # noqa: E402

_, api, api_grpc, _, _ = flblk_stubs.load()
RETRY_PAUSE = 0.5  # seconds
CONNECT_LIMIT = 5.0  # seconds


def describe(verified):
    flashblock = verified.flashblock
    row = {
        "payload_id": flashblock.payload_id.hex(),
        "index": flashblock.index,
        "slot": verified.authorization.timestamp,
        "builder": verified.authorization.builder_vk.hex(),
        "transactions": len(flashblock.diff.transactions),
        "gas_used": flashblock.diff.gas_used,
        "block_hash": flashblock.diff.block_hash.hex(),
    }
    if flashblock.HasField("base"):
        row["block_number"] = flashblock.base.block_number
    return row


def show(row, as_json):
    if as_json:
        print(json.dumps(row), flush=True)
        return
    if "block_number" in row:
        print(f"block {row['block_number']}  payload {row['payload_id']}  slot {row['slot']}")
    print(f"  {row['index']:3}  {row['transactions']:4} transactions  gas {row['gas_used']:9}"
          f"  hash {row['block_hash'][:16]}  by {row['builder'][:8]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--grpc", required=True, help="unix:/path or host:port of the node")
    parser.add_argument("--count", type=int, default=0, help="end after so many flashblocks (0: never)")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    options = parser.parse_args()
    limit = [("grpc.max_receive_message_length", -1)]
    channel = grpc.insecure_channel(options.grpc, limit)
    try:
        grpc.channel_ready_future(channel).result(CONNECT_LIMIT)
    except grpc.FutureTimeoutError:
        sys.exit(f"subscriber.py: no node answers at {options.grpc} within {CONNECT_LIMIT:.0f} s")
    stub = api_grpc.BuilderStub(channel)
    seen = 0
    while True:
        try:
            for verified in stub.SubscribeFlashblocks(api.SubscribeFlashblocksRequest(), wait_for_ready=True):
                show(describe(verified), options.json)
                seen += 1
                if seen == options.count:
                    return
        except grpc.RpcError as error:
            print(f"subscriber.py: {error.code().name}: {error.details()}; again", file=sys.stderr, flush=True)
            time.sleep(RETRY_PAUSE)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
