#include "plugin/abi_structs.h"

#include <gtest/gtest.h>

namespace flblk::plugin {
namespace {

// As a later minor version leaves a struct: `appended` came after the first one.
struct Grown {
  uint32_t struct_size;
  uint32_t first;
  uint64_t appended;
};

}  // namespace

template <>
inline constexpr size_t kFirstSize<Grown> = offsetof(Grown, appended);

namespace {

TEST(AbiStructs, AHostOfTheFirstVersionIsReadByALaterPlugin) {
  Grown host{.struct_size = 8, .first = 5, .appended = 6};
  Grown read{};
  ASSERT_TRUE(ReadStruct("grown", &host, read).ok());
  EXPECT_EQ(read.first, 5u);
  EXPECT_EQ(read.appended, 0u);  // not the host's memory behind its struct
  host.struct_size = 7;
  EXPECT_EQ(ReadStruct("grown", &host, read).message(), "grown.struct_size: 7, at least 8");
  host.struct_size = 4000;  // of a host that is newer still
  ASSERT_TRUE(ReadStruct("grown", &host, read).ok());
  EXPECT_EQ(read.appended, 6u);
}

}  // namespace
}  // namespace flblk::plugin
