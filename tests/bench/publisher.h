// A publishing node on a loopback port, in this process.
#pragma once

#include <memory>

#include "p2p/net/node.h"
#include "signer/signer.h"
#include "tests/bench/goals.h"

namespace flblk::bench {

// Numbers blocks and flashblocks; slots are those of a quarter of an hour ago.
class Sequence {
 public:
  Sequence();
  // On to the next flashblock; true: it is the first of a new block, which has `per_block` at most.
  bool Advance(uint64_t per_block);
  const Authorization& authorization() const { return *authorization_; }
  uint64_t index() const { return index_; }

 private:
  uint64_t slot_;
  uint64_t index_ = 0;
  std::optional<Authorization> authorization_;
};

class Publisher {
 public:
  explicit Publisher(size_t max_peers, size_t seal_threads = 0);
  ~Publisher();

  uint16_t port() { return node_->Info()->listen_port; }
  const NodeId& id() const { return key_.id(); }
  net::Node& node() { return *node_; }

  // The next flashblock; the node is authorized where it begins a block.
  wire::FlashblocksPayloadV1 Next(size_t size, uint64_t per_block);
  const Authorization& authorization() const { return sequence_.authorization(); }
  // Returns at once. A refusal ends the program.
  void Publish(wire::FlashblocksPayloadV1 flashblock);

 private:
  void Authorize();

  class Observer;
  const rlpx::NodeKey key_;
  LocalSigner signer_;
  std::unique_ptr<net::NodeObserver> observer_;
  std::unique_ptr<net::Node> node_;
  Sequence sequence_;
};

}  // namespace flblk::bench
