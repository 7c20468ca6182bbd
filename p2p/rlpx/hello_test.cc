#include "p2p/rlpx/hello.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/limits.h"
#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

Hello Example() {
  Hello hello;
  hello.client_id = "flblk/0.1.0";
  hello.capabilities = {{"eth", 69}, {"flblk", 2}};
  hello.listen_port = 30303;
  hello.node_id.fill(7);
  return hello;
}

// A Hello of any parts.
Bytes Encode(ByteView client, size_t capabilities, uint64_t port, size_t id_bytes, int extra = 0) {
  return wire::RlpEncodeList([&](auto& out) {
    out.Uint(5);
    out.String(client);
    out.List([&](auto& list) {
      for (size_t i = 0; i < capabilities; ++i) {
        list.List([&](auto& pair) {
          pair.String(AsBytes("x"));
          pair.Uint(i);
        });
      }
    });
    out.Uint(port);
    out.String(Bytes(id_bytes, 9));
    for (int i = 0; i < extra; ++i) out.List([](auto& inner) { inner.Uint(1); });
  });
}

TEST(Hello, BytesAreFixed) {
  EXPECT_EQ(ToHex(EncodeHello(Example())),
            "f861"
            "05"
            "8b666c626c6b2f302e312e30"
            "cec58365746845c785666c626c6b02"
            "82765f"
            "b840" +
                ToHex(Bytes(64, 7)));
}

TEST(Hello, RoundTrip) {
  absl::StatusOr<Hello> hello = DecodeHello(EncodeHello(Example()));
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_EQ(hello->version, 5u);
  EXPECT_EQ(hello->client_id, "flblk/0.1.0");
  EXPECT_EQ(hello->capabilities, Example().capabilities);
  EXPECT_EQ(hello->listen_port, 30303);
  EXPECT_EQ(hello->node_id, Example().node_id);
}

TEST(Hello, FurtherItemsAreAccepted) {
  EXPECT_TRUE(DecodeHello(Encode(AsBytes("c"), 2, 0, 64, 3)).ok());
}

TEST(Hello, ClientIdIsMadeSafeToPrint) {
  const Hello hello = *DecodeHello(Encode(AsBytes("a\x1b[31m\n\x7fz\xc3\xa9"), 0, 0, 64));
  EXPECT_EQ(hello.client_id, "a?[31m??z\xc3\xa9");
  const std::string lengthy(1000, 'l');
  EXPECT_EQ(DecodeHello(Encode(AsBytes(lengthy), 0, 0, 64))->client_id.size(), kMaxClientIdBytes);
}

TEST(Hello, CapabilityNamesAreMadeSafeToPrint) {
  Hello hello = Example();
  hello.capabilities = {{"a\nevent=x\x1b[2J\"\\\x7f", 1}, {"flblk", 2}};
  hello = *DecodeHello(EncodeHello(hello));
  EXPECT_EQ(hello.capabilities[0].name, "a?event=x?[2J???");
  EXPECT_EQ(hello.capabilities[1].name, "flblk");
}

TEST(Hello, NodeIdOfAnotherLengthReadsAsZero) {
  EXPECT_EQ(DecodeHello(Encode({}, 0, 0, 63))->node_id, NodeId{});
  EXPECT_NE(DecodeHello(Encode({}, 0, 0, 64))->node_id, NodeId{});
}

TEST(Hello, Limits) {
  EXPECT_TRUE(DecodeHello(Encode({}, kMaxHelloCapabilities, 65535, 64)).ok());
  EXPECT_EQ(DecodeHello(Encode({}, kMaxHelloCapabilities + 1, 0, 64)).status().code(),
            absl::StatusCode::kResourceExhausted);
  absl::Status port = DecodeHello(Encode({}, 0, 65536, 64)).status();
  EXPECT_EQ(port.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(port.message().find("listen port"), std::string_view::npos);
}

TEST(Hello, EveryCutIsAnError) {
  const Bytes whole = EncodeHello(Example());
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(DecodeHello(ByteView(whole).first(n)).ok()) << n;
  }
  Bytes surplus = whole;
  surplus.push_back(0);
  EXPECT_FALSE(DecodeHello(surplus).ok());
}

}  // namespace
}  // namespace flblk::rlpx
