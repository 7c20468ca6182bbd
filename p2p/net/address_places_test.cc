#include "p2p/net/address_places.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

TEST(AddressPlacesTest, EachAddressHasAFew) {
  AddressPlaces places(2);
  EXPECT_TRUE(places.Take(1, "a"));
  EXPECT_TRUE(places.Take(2, "a"));
  EXPECT_FALSE(places.Take(3, "a"));
  EXPECT_TRUE(places.Take(2, "a")) << "has its place already";
  EXPECT_TRUE(places.Take(4, "b"));
  places.Release(3);  // has none
  EXPECT_FALSE(places.Take(3, "a"));
  places.Release(2);
  EXPECT_TRUE(places.Take(3, "a"));
  EXPECT_FALSE(places.Take(2, "a"));
}

TEST(AddressPlacesTest, TheEmptyAddressIsNotCounted) {
  AddressPlaces places(1);
  for (uint64_t holder = 1; holder <= 100; ++holder) EXPECT_TRUE(places.Take(holder, ""));
  places.Release(1);
  EXPECT_TRUE(places.Take(101, ""));
}

}  // namespace
}  // namespace flblk::net
