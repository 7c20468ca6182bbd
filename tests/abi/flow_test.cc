// A builder and a subscriber, both hosts of the plugin through its C ABI, in one process, over a
// real connection.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "p2p/wire/envelope.h"
#include "tests/abi/host.h"

namespace flblk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FlowTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while ((builder_.peers() == 0 || subscriber_.peers() == 0) &&
           std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_EQ(subscriber_.peers(), 1u);
    std::ifstream file(std::string(FLBLK_TEST_DATA) +
                       "/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json");
    for (const auto& flashblock : nlohmann::ordered_json::parse(file))
      deltas_.push_back(flashblock.dump());
    ASSERT_EQ(deltas_.size(), 5u);
  }

  flblk_status Publish(const std::string& json, flblk_publish_result* result = nullptr) {
    const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_JSON, Host::View(json)};
    return Api()->publish(builder_.plugin(), &delta, result);
  }

  // Of the recorded block; World Chain's version byte, as rollup-boost signs it.
  const Authorization authorization_ =
      MakeAuthorization(Key(1), PayloadId{0x04, 0xc4, 0x46, 0xf0, 0x63, 0xe3, 0x73, 0x5a},
                        0x690be89e, Key(2).public_key());
  Host builder_{2};
  Host subscriber_{0, "trusted_peers = [\"" + builder_.enode() + "\"]\n"};
  std::vector<std::string> deltas_;
};

TEST_F(FlowTest, ABlockGoesFromHostToHost) {
  ASSERT_EQ(Publish(deltas_[0]), FLBLK_FAILED_PRECONDITION);
  EXPECT_THAT(Api()->last_error(), HasSubstr("idle"));
  ASSERT_EQ(builder_.Authorize(authorization_), FLBLK_OK) << Api()->last_error();
  ASSERT_TRUE(builder_.Await([&] { return builder_.changes.size() == 1; }));
  EXPECT_EQ(builder_.changes[0].state, FLBLK_STATE_PUBLISHING);
  EXPECT_EQ(builder_.changes[0].cause, FLBLK_CAUSE_STARTED);
  EXPECT_EQ(builder_.stop_in_callback, FLBLK_FAILED_PRECONDITION);
  EXPECT_EQ(builder_.stop_in_callback_text,
            "plugin: stop and destroy cannot be called in a callback");

  flblk_publish_result result{};
  result.struct_size = sizeof result;
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_EQ(Publish(deltas_[i], &result), FLBLK_OK) << Api()->last_error();
    EXPECT_EQ(result.index, i);
    EXPECT_EQ(result.next_index, i + 1);
    EXPECT_EQ(result.payload_id[0], 0x04);  // the authorized id, not the host's 0x03
  }
  EXPECT_EQ(Publish(deltas_[4], &result), FLBLK_OUT_OF_RANGE);
  EXPECT_EQ(result.next_index, 3u);
  for (uint64_t ticket : {77, 78}) {
    const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_JSON, Host::View(deltas_[3])};
    ASSERT_EQ(Api()->publish_async(builder_.plugin(), &delta, ticket), FLBLK_OK);
  }
  ASSERT_TRUE(builder_.Await([&] { return builder_.results.size() == 2; }));
  EXPECT_EQ(builder_.results[0].ticket, 77u);
  EXPECT_EQ(builder_.results[0].code, FLBLK_OK);
  EXPECT_EQ(builder_.results[1].ticket, 78u);
  EXPECT_EQ(builder_.results[1].code, FLBLK_OUT_OF_RANGE);
  EXPECT_FALSE(builder_.results[1].message.empty());

  ASSERT_TRUE(subscriber_.Await([&] { return subscriber_.seen.size() == 4; }));
  for (uint64_t i = 0; i < 4; ++i) {
    const Host::Seen& seen = subscriber_.seen[i];
    EXPECT_EQ(seen.index, i);
    EXPECT_FALSE(seen.own);
    EXPECT_EQ(seen.base, i == 0);
    EXPECT_EQ(seen.lost, 0u);
    const auto flashblock = wire::DecodeFlashblock(seen.rlp);
    ASSERT_TRUE(flashblock.ok());
    EXPECT_EQ(flashblock->diff.transactions.size(), seen.transactions);
    EXPECT_EQ(flashblock->metadata, seen.metadata);
    EXPECT_TRUE(wire::SplitAuthorized(seen.signed_rlp).ok());
  }
  EXPECT_EQ(subscriber_.seen[0].block_number, 0x21e3b52u);
  ASSERT_TRUE(builder_.Await([&] { return builder_.seen.size() == 4; }));
  EXPECT_TRUE(builder_.seen[0].own);

  ASSERT_EQ(Api()->payload_sealed(builder_.plugin(), authorization_.payload_id.data()), FLBLK_OK);
  EXPECT_NE(Publish(deltas_[4]), FLBLK_OK);
}

TEST_F(FlowTest, ASubscriberWithAKeyContinuesTheBlockWhenTheBuilderStops) {
  Host standby(3, "trusted_peers = [\"" + builder_.enode() + "\"]\n");
  ASSERT_EQ(builder_.Authorize(authorization_), FLBLK_OK);
  for (uint64_t i = 0; i < 2; ++i) ASSERT_EQ(Publish(deltas_[i]), FLBLK_OK) << Api()->last_error();
  ASSERT_TRUE(standby.Await([&] { return standby.seen.size() == 2; }));
  const Authorization successor = MakeAuthorization(Key(1), authorization_.payload_id,
                                                    authorization_.timestamp, Key(3).public_key());
  ASSERT_EQ(standby.Authorize(successor), FLBLK_OK) << Api()->last_error();
  ASSERT_TRUE(standby.Await([&] {
    return !standby.changes.empty() && standby.changes.back().state == FLBLK_STATE_PUBLISHING;
  }));
  EXPECT_EQ(standby.changes.back().next_index, 2u);
  EXPECT_EQ(standby.changes.back().missing, 0u);
  ASSERT_EQ(standby.changes.back().flashblocks.size(), 2u);
  EXPECT_EQ(wire::DecodeFlashblock(standby.changes.back().flashblocks[1])->index, 1u);
  ASSERT_TRUE(builder_.Await([&] { return builder_.changes.back().state == FLBLK_STATE_YIELDED; }));
  EXPECT_EQ(Publish(deltas_[2]), FLBLK_FAILED_PRECONDITION);
  const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_JSON, Host::View(deltas_[2])};
  ASSERT_EQ(Api()->publish(standby.plugin(), &delta, nullptr), FLBLK_OK) << Api()->last_error();
  ASSERT_TRUE(subscriber_.Await([&] { return subscriber_.seen.size() == 3; }));
}

TEST_F(FlowTest, AResultThatCannotBeFilledInIsRefusedBeforeTheCall) {
  flblk_forkchoice_result state{};  // struct_size 0
  EXPECT_EQ(builder_.Authorize(authorization_, &state), FLBLK_INVALID_ARGUMENT);
  EXPECT_THAT(Api()->last_error(), HasSubstr("result.struct_size"));
  flblk_stats stats{};
  stats.struct_size = sizeof stats;
  ASSERT_EQ(Api()->stats(builder_.plugin(), &stats), FLBLK_OK);
  EXPECT_EQ(stats.state, FLBLK_STATE_IDLE);

  ASSERT_EQ(builder_.Authorize(authorization_), FLBLK_OK);
  flblk_publish_result result{};
  EXPECT_EQ(Publish(deltas_[0], &result), FLBLK_INVALID_ARGUMENT);
  EXPECT_THAT(Api()->last_error(), HasSubstr("result.struct_size"));
  ASSERT_EQ(Api()->stats(builder_.plugin(), &stats), FLBLK_OK);
  EXPECT_EQ(stats.published, 0u);
  EXPECT_EQ(stats.refused, 0u);
  EXPECT_EQ(Publish(deltas_[0]), FLBLK_OK) << Api()->last_error();
}

TEST_F(FlowTest, BadAuthorizationsAreNamed) {
  Authorization forged = authorization_;
  forged.authorizer_sig.bytes[0] ^= 1;
  EXPECT_EQ(builder_.Authorize(forged), FLBLK_UNAUTHENTICATED);
  EXPECT_THAT(Api()->last_error(), HasSubstr("authorizer_sig"));
  const Authorization other = MakeAuthorization(Key(1), authorization_.payload_id,
                                                authorization_.timestamp, Key(9).public_key());
  EXPECT_EQ(builder_.Authorize(other), FLBLK_PERMISSION_DENIED);
  flblk_forkchoice update{};
  update.struct_size = sizeof update;
  update.flags = FLBLK_FC_ATTRIBUTES;
  EXPECT_EQ(Api()->forkchoice_updated(builder_.plugin(), &update, nullptr), FLBLK_OK);
}

}  // namespace
}  // namespace flblk
