// Reads the JSON vectors of tests/vectors and tests/fixtures in unit tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "signer/bytes.h"

namespace flblk::wire::testing {

inline nlohmann::json LoadJson(const std::string& below_test_data) {
  std::ifstream file(std::string(FLBLK_TEST_DATA "/") + below_test_data);
  EXPECT_TRUE(file.is_open()) << below_test_data;
  return nlohmann::json::parse(file);
}

inline Bytes Unhex(std::string_view hex) {
  absl::StatusOr<Bytes> bytes = FromHex(hex);
  EXPECT_TRUE(bytes.ok()) << hex;
  return bytes.value_or(Bytes());
}

template <size_t N>
FixedBytes<N> UnhexFixed(std::string_view hex) {
  FixedBytes<N> out{};
  EXPECT_TRUE(FromHexExact(hex, "vector", out).ok()) << hex;
  return out;
}

}  // namespace flblk::wire::testing
