#include "p2p/wire/access_list.h"

#include <gtest/gtest.h>

#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using testing::Unhex;

// [AccessList, hash] around the hex of one AccountChanges item.
Bytes Around(const std::string& account_hex) {
  Bytes account = Unhex(account_hex);
  return RlpEncodeList([&](auto& out) {
    out.List([&](auto& list) {
      list.List([&](auto& accounts) { accounts.Item(account); });
      list.Uint(0);
      list.Uint(5);
    });
    out.String(Hash32{});
  });
}

std::string Verdict(ByteView item) {
  absl::Status status = CheckAccessListData(item);
  return status.ok() ? "ok" : std::string(status.message());
}

const std::string kAddress = "940000000000000000000000000000000000000042";

TEST(AccessList, PinnedItemPasses) {
  nlohmann::json vectors = testing::LoadJson("vectors/flblk_pinned.json");
  const auto& data = vectors["flashblock_inputs"]["diff"]["access_list_data"];
  Bytes list = Unhex(data["rlp_of_access_list"].get<std::string>());
  Bytes item = RlpEncodeList([&](auto& out) {
    out.Item(list);
    out.String(Unhex(data["access_list_hash"].get<std::string>()));
  });
  EXPECT_EQ(Verdict(item), "ok");
  for (size_t n = 0; n < item.size(); ++n) {
    EXPECT_NE(Verdict(ByteView(item).first(n)), "ok") << n;
  }
  item.push_back(0x80);
  EXPECT_EQ(Verdict(item), "access_list_data: 1 surplus bytes (at byte 87)");
}

TEST(AccessList, EmptyListsPass) {
  EXPECT_EQ(Verdict(Around("da" + kAddress + "c0c0c0c0c0")), "ok");
}

TEST(AccessList, FixedWidthSlotsOfTheOldEncodingFail) {
  const std::string slot = "a0" + std::string(62, '0') + "04";
  EXPECT_EQ(Verdict(Around("f83b" + kAddress +
                           "c0"
                           "e1" +
                           slot + "c0c0c0")),
            "storage_reads slot: integer has a leading zero (at byte 31)");
}

TEST(AccessList, EachFieldIsChecked) {
  EXPECT_EQ(Verdict(Around("d9"
                           "93" +
                           std::string(38, '0') + "c0c0c0c0c0")),
            "AccountChanges address: has 19 bytes, must have 20 (at byte 5)");
  EXPECT_EQ(Verdict(Around("d9" + kAddress + "c0c0c0c0")), "code_changes: missing (at byte 30)");
  EXPECT_EQ(Verdict(Around("db" + kAddress + "c0c0c0c0c0c0")),
            "AccountChanges: 1 surplus bytes (at byte 31)");
  EXPECT_EQ(Verdict(Around("da" + kAddress + "80c0c0c0c0")),
            "storage_changes: is a string, not a list (at byte 26)");
  // [[1, 2, 3]] as balance_changes: a surplus item.
  EXPECT_EQ(Verdict(Around("de" + kAddress +
                           "c0c0"
                           "c4c3010203"
                           "c0c0")),
            "balance_changes: 1 surplus bytes (at byte 32)");
  // A nonce of 9 bytes.
  EXPECT_EQ(Verdict(Around("e6" + kAddress +
                           "c0c0c0"
                           "cccb01"
                           "89ffffffffffffffffff"
                           "c0")),
            "nonce: integer has 9 bytes, the limit is 8 (at byte 32)");
}

}  // namespace
}  // namespace flblk::wire
