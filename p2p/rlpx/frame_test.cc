#include "p2p/rlpx/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "p2p/rlpx/limits.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;

// One direction: what seals with these opens with them.
Secrets SecretsOf(uint8_t seed) {
  Secrets secrets;
  secrets.aes.fill(seed);
  secrets.mac.fill(static_cast<uint8_t>(seed + 1));
  secrets.egress_mac.Update(secrets.mac);
  secrets.ingress_mac = secrets.egress_mac;
  return secrets;
}

Bytes Sealed(FrameSealer& sealer, uint8_t id, ByteView payload) {
  Bytes out(FrameSealer::SealedSize(payload.size()));
  sealer.Seal(id, payload, out.data());
  return out;
}

Bytes RandomPayload(size_t size) {
  std::mt19937_64 random(size);
  Bytes out(size);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

// The golden frame of geth fakes the Keccak state (its digest is always 01..), so only the
// ciphertext of header and body can be compared.
TEST(FrameSealer, CiphertextOfGoldenFrame) {
  const auto golden = LoadJson("vectors/rlpx_ecies.json")["frame_golden_fake_mac"];
  Secrets secrets;
  secrets.aes = secrets.mac = Keccak256({});
  FrameSealer sealer(secrets);
  const Bytes payload = Unhex(golden["payload_rlp"].get<std::string>());
  const Bytes ours = Sealed(sealer, golden["msg_code"], payload);
  const Bytes theirs = Unhex(golden["wire"].get<std::string>());
  ASSERT_EQ(ours.size(), theirs.size());
  EXPECT_TRUE(std::equal(ours.begin(), ours.begin() + 16, theirs.begin()));
  EXPECT_TRUE(std::equal(ours.begin() + 32, ours.begin() + 48, theirs.begin() + 32));
}

TEST(Frame, RoundTripOfManyOnOneStream) {
  FrameSealer sealer(SecretsOf(1));
  FrameOpener opener(SecretsOf(1));
  for (size_t size : {0, 1, 14, 15, 16, 17, 135, 136, 137, 5000, 100000}) {
    const uint8_t id = static_cast<uint8_t>(size % 0x80);
    const Bytes payload = RandomPayload(size);
    const Bytes wire = Sealed(sealer, id, payload);
    EXPECT_EQ(wire.size() % 16, 0u);
    ASSERT_EQ(*opener.Feed(wire, kMaxFrameContent), wire.size());
    ASSERT_TRUE(opener.ready());
    OpenedFrame frame = opener.Take();
    EXPECT_EQ(frame.id, id);
    EXPECT_EQ(frame.payload, payload);
    EXPECT_FALSE(opener.ready());
  }
}

TEST(FrameSealer, ACopySealsTheSameNextFrame) {
  FrameSealer sealer(SecretsOf(1)), copy(SecretsOf(9));
  for (size_t size : {5, 5000, 77}) {
    copy.CopyFrom(sealer);
    const Bytes payload = RandomPayload(size);
    const Bytes wire = Sealed(sealer, 3, payload);
    EXPECT_EQ(Sealed(copy, 3, payload), wire);
  }
}

TEST(Frame, AnySplitGivesTheSame) {
  const Bytes payload = RandomPayload(333);
  FrameSealer sealer(SecretsOf(2));
  const Bytes wire = Sealed(sealer, 7, payload);
  for (size_t step = 1; step <= wire.size(); ++step) {
    FrameOpener opener(SecretsOf(2));
    for (size_t at = 0; at < wire.size(); at += step) {
      ByteView chunk = ByteView(wire).subspan(at, std::min(step, wire.size() - at));
      ASSERT_EQ(*opener.Feed(chunk, kMaxFrameContent), chunk.size());
      EXPECT_EQ(opener.ready(), at + step >= wire.size());
    }
    EXPECT_EQ(opener.Take().payload, payload);
  }
}

TEST(Frame, FeedStopsAtTheEndOfTheFrame) {
  FrameSealer sealer(SecretsOf(3));
  FrameOpener opener(SecretsOf(3));
  Bytes wire = Sealed(sealer, 1, Unhex("01"));
  const size_t first = wire.size();
  const Bytes second = Sealed(sealer, 2, Unhex("0203"));
  wire.insert(wire.end(), second.begin(), second.end());
  ASSERT_EQ(*opener.Feed(wire, 100), first);
  EXPECT_EQ(opener.Take().id, 1);
  ASSERT_EQ(*opener.Feed(ByteView(wire).subspan(first), 100), second.size());
  EXPECT_EQ(opener.Take().id, 2);
}

TEST(FrameOpener, EveryByteIsAuthenticated) {
  FrameSealer sealer(SecretsOf(5));
  const Bytes good = Sealed(sealer, 3, RandomPayload(40));
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    FrameOpener opener(SecretsOf(5));
    EXPECT_EQ(opener.Feed(bad, kMaxFrameContent).status().code(),
              absl::StatusCode::kUnauthenticated)
        << "byte " << i;
    EXPECT_FALSE(opener.ready());
  }
}

TEST(FrameOpener, LimitIsOnIdAndPayload) {
  const Bytes payload = RandomPayload(2047);
  for (size_t limit : {2047, 2048}) {
    FrameSealer sealer(SecretsOf(6));
    FrameOpener opener(SecretsOf(6));
    absl::Status status = opener.Feed(Sealed(sealer, 3, payload), limit).status();
    if (limit == 2048) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_NE(status.message().find("2048 bytes, limit 2047"), std::string_view::npos);
    }
  }
}

TEST(FrameOpener, HugeSizeIsRefusedWithTheHeader) {
  // The header alone: no byte of the body is needed for the verdict.
  FrameSealer sealer(SecretsOf(7));
  const Bytes wire = Sealed(sealer, 3, Bytes(3 << 20));
  FrameOpener opener(SecretsOf(7));
  EXPECT_EQ(opener.Feed(ByteView(wire).first(32), 2 << 20).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(FrameOpener, IdMustBeOneRlpByte) {
  for (int byte : {0x81, 0xc0, 0xff}) {
    FrameSealer sealer(SecretsOf(8));
    FrameOpener opener(SecretsOf(8));
    EXPECT_EQ(
        opener.Feed(Sealed(sealer, static_cast<uint8_t>(byte), Unhex("00")), 100).status().code(),
        absl::StatusCode::kInvalidArgument);
  }
}

// Frames no honest sealer makes: built from the parts.
Bytes ForgedFrame(uint8_t size, uint8_t id_byte) {
  Secrets secrets = SecretsOf(9);
  AesCtrStream ctr(secrets.aes);
  FrameMac mac(secrets.egress_mac, secrets.mac);
  Bytes out(16);
  const FixedBytes<16> header = {0, 0, size, 0xc2, 0x80, 0x80};
  ctr.Apply(header, out.data());
  const auto header_mac = mac.Header(std::span<const uint8_t, 16>(out.data(), 16));
  out.insert(out.end(), header_mac.begin(), header_mac.end());
  if (size == 0) return out;
  FixedBytes<16> body = {id_byte};
  ctr.Apply(body, body.data());
  mac.AbsorbBody(body);
  out.insert(out.end(), body.begin(), body.end());
  const auto body_mac = mac.Body();
  out.insert(out.end(), body_mac.begin(), body_mac.end());
  return out;
}

TEST(FrameOpener, RefusesTheEmptyFrameAndIdByteZero) {
  FrameOpener empty(SecretsOf(9)), zero(SecretsOf(9)), good(SecretsOf(9));
  EXPECT_EQ(empty.Feed(ForgedFrame(0, 0), 100).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(zero.Feed(ForgedFrame(1, 0), 100).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(good.Feed(ForgedFrame(1, 0x80), 100).ok());
  EXPECT_EQ(good.Take().id, 0);
}

TEST(FrameOpener, WhatWasTakenAheadIsNotDoneTwice) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 300; ++round) {
    FrameSealer sealer(SecretsOf(2));
    FrameOpener opener(SecretsOf(2));
    std::vector<Bytes> payloads;
    Bytes wire;
    for (int i = 0; i < 4; ++i) {
      payloads.push_back(RandomPayload(random() % (size_t{1} << random() % 14)));
      const Bytes frame = Sealed(sealer, 5, payloads.back());
      wire.insert(wire.end(), frame.begin(), frame.end());
    }
    size_t opened = 0;
    for (size_t at = 0; at < wire.size();) {
      // A read of any size, taken ahead or not, then fed in pieces.
      ByteView read = ByteView(wire).subspan(at);
      read = read.first(std::min<size_t>(read.size(), random() % (1 << random() % 14) + 1));
      at += read.size();
      if (random() % 4 != 0) {
        const KeccakJob job = opener.TakeAhead(read, kMaxFrameContent);
        if (job.state != nullptr) job.state->Update(job.data);
      }
      while (!read.empty()) {
        const ByteView piece = read.first(random() % read.size() + 1);
        const auto used = opener.Feed(piece, kMaxFrameContent);
        ASSERT_TRUE(used.ok()) << used.status();
        read = read.subspan(*used);
        if (opener.ready()) {
          ASSERT_EQ(opener.Take().payload, payloads[opened++]);
        }
      }
    }
    ASSERT_EQ(opened, payloads.size());
  }
}

TEST(FrameOpener, EveryByteIsAuthenticatedThoughTakenAhead) {
  FrameSealer sealer(SecretsOf(5));
  const Bytes good = Sealed(sealer, 3, RandomPayload(40));
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    FrameOpener opener(SecretsOf(5));
    const KeccakJob job = opener.TakeAhead(bad, kMaxFrameContent);
    EXPECT_EQ(job.state == nullptr, i < 32) << "a body needs an authentic header";
    if (job.state != nullptr) job.state->Update(job.data);
    EXPECT_EQ(opener.Feed(bad, kMaxFrameContent).status().code(),
              absl::StatusCode::kUnauthenticated)
        << "byte " << i;
    EXPECT_FALSE(opener.ready());
  }
}

}  // namespace
}  // namespace flblk::rlpx
