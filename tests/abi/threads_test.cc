// Calls of several threads, calls of on_log, and what becomes of them around stop.
#include <gmock/gmock.h>

#include <atomic>
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

}  // namespace
}  // namespace flblk
