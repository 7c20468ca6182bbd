// Calls of several threads, calls of on_log, and what becomes of them around stop.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "p2p/wire/envelope.h"
#include "tests/abi/host.h"

namespace flblk {
namespace {

Bytes Delta() {
  wire::FlashblocksPayloadV1 flashblock;
  flashblock.base.emplace();
  return wire::EncodeFlashblock(flashblock);
}

TEST(Threads, EachPromisedResultIsToldThoughThePluginStops) {
  const Bytes rlp = Delta();
  const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_RLP, {rlp.data(), rlp.size()}};
  for (int round = 0; round < 20; ++round) {
    Host host(2);
    std::atomic<bool> stopped = false;
    std::set<uint64_t> promised;
    std::thread caller([&] {
      bool after = false;
      for (uint64_t ticket = 0; !after; ++ticket) {
        after = stopped;
        const flblk_status status = Api()->publish_async(host.plugin(), &delta, ticket);
        if (status == FLBLK_OK) promised.insert(ticket);
        if (after) {
          EXPECT_EQ(status, FLBLK_UNAVAILABLE) << Api()->last_error();
        }
      }
    });
    ASSERT_TRUE(host.Await([&] { return host.results.size() > 10; }));
    ASSERT_EQ(Api()->stop(host.plugin()), FLBLK_OK);
    stopped = true;
    caller.join();
    EXPECT_EQ(Api()->publish_async(host.plugin(), &delta, 0), FLBLK_UNAVAILABLE);
    std::set<uint64_t> told;
    for (const Host::Result& result : host.results) EXPECT_TRUE(told.insert(result.ticket).second);
    EXPECT_EQ(told, promised);
  }
}

// on_log is called on any thread of the plugin and within calls of the host, so a call back into
// the plugin could wait for itself.
TEST(Threads, OnLogCallsNothingThatWaits) {
  const Bytes rlp = Delta();
  const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_RLP, {rlp.data(), rlp.size()}};
  flblk_forkchoice update{};
  update.struct_size = sizeof update;
  const std::string config = "authorizer_vk = \"" + ToHex(Key(1).public_key().bytes) + "\"\n";
  std::mutex mutex;
  std::map<std::string, std::set<flblk_status>> answers;
  std::set<std::string> texts;
  const auto call_all = [&](flblk_plugin* plugin) {
    const std::lock_guard lock(mutex);
    flblk_plugin* other = nullptr;
    const flblk_options options{};
    answers["create"].insert(Api()->create(&options, &other));
    answers["start"].insert(Api()->start(plugin));
    answers["stop"].insert(Api()->stop(plugin));
    answers["destroy"].insert(Api()->destroy(plugin));
    answers["publish"].insert(Api()->publish(plugin, &delta, nullptr));
    answers["publish_async"].insert(Api()->publish_async(plugin, &delta, 1));
    answers["forkchoice_updated"].insert(Api()->forkchoice_updated(plugin, &update, nullptr));
    answers["payload_sealed"].insert(Api()->payload_sealed(plugin, update.payload_id));
    answers["stop_publishing"].insert(Api()->stop_publishing(plugin, {}));
    answers["reconfigure"].insert(Api()->reconfigure(plugin, Host::View(config)));
    texts.insert(Api()->last_error());
    flblk_stats stats{};
    stats.struct_size = sizeof stats;
    EXPECT_EQ(Api()->stats(plugin, &stats), FLBLK_OK);
  };
  const auto begin = std::chrono::steady_clock::now();
  {
    Host host(2, "", call_all);
    ASSERT_EQ(host.Authorize(
                  MakeAuthorization(Key(1), PayloadId{4, 1}, 1'700'000'002, Key(2).public_key())),
              FLBLK_OK);
    ASSERT_TRUE(host.Await([&] { return host.Has("starting to publish flashblocks"); }));
    EXPECT_EQ(Api()->reconfigure(host.plugin(), Host::View(config)), FLBLK_OK);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  ASSERT_EQ(answers.size(), 10u);
  for (const auto& [function, codes] : answers) {
    EXPECT_THAT(codes, testing::ElementsAre(FLBLK_FAILED_PRECONDITION)) << function;
  }
  EXPECT_THAT(texts, testing::ElementsAre("plugin: cannot be called in on_log"));
}

// A host that keeps the network thread in on_log gets its calls back all the same.
TEST(Threads, ACallGivesUpWhereTheNetworkThreadDoesNotAnswer) {
  std::atomic<bool> hold = false;
  std::promise<void> held, go;
  Host host(2, "", [&](flblk_plugin*) {
    if (!hold.exchange(false)) return;
    held.set_value();
    go.get_future().wait();
  });
  const PayloadId id{4, 1};
  hold = true;
  std::thread logs([&] {  // the refusal is logged on the network thread
    EXPECT_NE(host.Authorize(MakeAuthorization(Key(1), id, 1'700'000'002, Key(9).public_key())),
              FLBLK_OK);
  });
  held.get_future().wait();
  EXPECT_EQ(Api()->payload_sealed(host.plugin(), id.data()), FLBLK_DEADLINE_EXCEEDED);
  EXPECT_STREQ(Api()->last_error(), "the network thread did not answer within 5 s");
  go.set_value();
  logs.join();
  EXPECT_EQ(Api()->payload_sealed(host.plugin(), id.data()), FLBLK_OK) << Api()->last_error();
}

}  // namespace
}  // namespace flblk
