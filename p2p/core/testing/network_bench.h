// One relay among flblk/1 peers that are the test; shared by the tests of what comes from peers.
#pragma once

#include <gtest/gtest.h>

#include "p2p/core/testing/mesh.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/rlp.h"

namespace flblk::core {

// One relay; `feed` and `other` are flblk/1 peers of it, `sink` hears what is relayed.
class EngineNetwork : public ::testing::Test {
 protected:
  EngineNetwork() : node_(mesh_.Add()) {
    feed_ = mesh_.ConnectProbe(node_, 1);
    other_ = mesh_.ConnectProbe(node_, 1);
    sink_ = mesh_.ConnectProbe(node_, 1);
  }
  Authorization Auth(uint64_t slot, uint8_t variant = 0, uint8_t builder = 11) {
    return MakeAuthorization(mesh_.authorizer(), testing::TestPayload(slot, variant),
                             testing::Mesh::Time(slot), testing::TestKey(builder).public_key());
  }
  wire::FramePtr Flashblock(uint64_t slot, uint64_t index, uint8_t tag = 1, uint8_t variant = 0,
                            uint8_t builder = 11, size_t bytes = 100) {
    wire::FlashblocksPayloadV1 f = testing::TestFlashblock(slot, index, tag, bytes);
    f.payload_id = testing::TestPayload(slot, variant);
    f.metadata = "{\"fees\":\"0x0\"}";
    return testing::TestFrame(testing::TestKey(builder), Auth(slot, variant, builder), f);
  }
  wire::FramePtr Broken(const wire::FramePtr& frame, size_t from_end = 1) {
    auto copy = std::make_shared<wire::Frame>(*frame);
    copy->body[copy->body.size() - from_end] ^= 1;
    return copy;
  }
  // The same envelope with `bytes` more behind what is signed.
  wire::FramePtr Bloated(const wire::FramePtr& frame, size_t bytes) {
    const absl::StatusOr<wire::Envelope> signed_part = wire::SplitAuthorized(frame->body);
    auto bloated = std::make_shared<wire::Frame>();
    bloated->body = wire::RlpEncodeList([&](auto& out) {
      out.Item(signed_part->message);
      out.Item(signed_part->authorization_item);
      out.String(signed_part->actor_sig.bytes);
      out.Item(Bytes(bytes, 0));
    });
    bloated->snappy = bloated->body;
    return bloated;
  }
  testing::Node& node() { return mesh_[node_]; }
  const EngineStats& stats() { return node().engine->stats(); }
  size_t Relayed() { return mesh_.inbox_of(sink_).size(); }

  testing::Mesh mesh_;
  int node_;
  SessionId feed_, other_, sink_;
};

}  // namespace flblk::core
