#include "p2p/rlpx/frame.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace flblk::rlpx {
namespace {

constexpr uint8_t kIdZero = 0x80;

FixedBytes<16> Half(const Hash32& digest) {
  FixedBytes<16> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

constexpr size_t Padding(size_t content) { return (16 - content % 16) % 16; }

}  // namespace

FixedBytes<16> FrameMac::HeaderSeed(std::span<const uint8_t, 16> header_ct) {
  FixedBytes<16> seed = aes_.Encrypt(Half(last_));
  for (size_t i = 0; i < seed.size(); ++i) seed[i] ^= header_ct[i];
  return seed;
}

FixedBytes<16> FrameMac::BodySeed(const Hash32& digest) {
  FixedBytes<16> seed = aes_.Encrypt(Half(digest));
  for (size_t i = 0; i < seed.size(); ++i) seed[i] ^= digest[i];
  return seed;
}

FrameMac::Tag FrameMac::Finish(const Hash32& digest) {
  last_ = digest;
  return Half(digest);
}

void FrameMac::CopyFrom(const FrameMac& other) {
  state_ = other.state_;
  aes_.CopyFrom(other.aes_);
  last_ = other.last_;
}

void FrameSealer::CopyFrom(const FrameSealer& other) {
  ctr_.CopyFrom(other.ctr_);
  mac_.CopyFrom(other.mac_);
}

void FrameSealer::Seal(uint8_t id, ByteView payload, uint8_t* out) {
  Encrypt(id, payload, out);
  const FrameMac::Tag header = mac_.Header(HeaderCiphertext(out));
  std::copy(header.begin(), header.end(), HeaderTag(out));
  mac_.AbsorbBody(BodyCiphertext(payload.size(), out));
  const FrameMac::Tag body = mac_.Body();
  std::copy(body.begin(), body.end(), BodyTag(payload.size(), out));
}

void FrameSealer::Encrypt(uint8_t id, ByteView payload, uint8_t* out) {
  const size_t content = 1 + payload.size();
  const FixedBytes<16> header = {static_cast<uint8_t>(content >> 16),
                                 static_cast<uint8_t>(content >> 8),
                                 static_cast<uint8_t>(content),
                                 0xc2,
                                 0x80,
                                 0x80};
  ctr_.Apply(header, out);
  uint8_t* body = out + 32;
  const uint8_t id_byte = id == 0 ? kIdZero : id;
  ctr_.Apply({&id_byte, 1}, body);
  ctr_.Apply(payload, body + 1);
  const FixedBytes<16> zeros{};
  ctr_.Apply(ByteView(zeros).first(Padding(content)), body + content);
}

absl::StatusOr<size_t> FrameOpener::Feed(ByteView bytes, size_t max_content) {
  size_t used = std::min(bytes.size(), header_ahead_);
  header_ahead_ -= used;
  if (!header_status_.ok()) return header_status_;
  while (used < bytes.size() && !ready_) {
    ByteView rest = bytes.subspan(used);
    size_t take = 0;
    absl::Status status;
    if (header_filled_ < header_.size()) {
      take = FillHeader(rest, max_content);
      status = header_status_;
    } else if (content_left_ + padding_left_ > 0) {
      take = std::min(rest.size(), content_left_ + padding_left_);
      OpenBodyChunk(rest.first(take));
    } else {
      take = std::min(rest.size(), tag_.size() - tag_filled_);
      std::copy_n(rest.begin(), take, tag_.begin() + tag_filled_);
      tag_filled_ += take;
      if (tag_filled_ == tag_.size()) status = CheckBodyMac();
    }
    if (!status.ok()) return status;
    used += take;
  }
  return used;
}

KeccakJob FrameOpener::TakeAhead(ByteView bytes, size_t max_content) {
  if (header_filled_ < header_.size()) {
    header_ahead_ = FillHeader(bytes, max_content);
    bytes = bytes.subspan(header_ahead_);
  }
  if (header_filled_ < header_.size() || !header_status_.ok()) return {};
  absorbed_ahead_ = std::min(bytes.size(), content_left_ + padding_left_);
  if (absorbed_ahead_ == 0) return {};
  return {&mac_.state(), bytes.first(absorbed_ahead_)};
}

// Returns how many of `bytes` belong to the header.
size_t FrameOpener::FillHeader(ByteView bytes, size_t max_content) {
  const size_t take = std::min(bytes.size(), header_.size() - header_filled_);
  std::copy_n(bytes.begin(), take, header_.begin() + header_filled_);
  header_filled_ += take;
  if (header_filled_ == header_.size()) header_status_ = OpenHeader(max_content);
  return take;
}

absl::Status FrameOpener::OpenHeader(size_t max_content) {
  const std::span<const uint8_t, 32> bytes(header_);
  const FixedBytes<16> expected = mac_.Header(bytes.first<16>());
  if (CRYPTO_memcmp(expected.data(), bytes.data() + 16, expected.size()) != 0) {
    return absl::UnauthenticatedError("frame header: wrong MAC");
  }
  FixedBytes<16> header;
  ctr_.Apply(bytes.first<16>(), header.data());
  const size_t content = size_t{header[0]} << 16 | size_t{header[1]} << 8 | header[2];
  if (content == 0) return absl::InvalidArgumentError("frame size: 0, a message id is needed");
  if (content > max_content) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame size: ", content, " bytes, limit ", max_content));
  }
  content_left_ = content;
  padding_left_ = Padding(content);
  frame_.payload.reserve(content - 1);
  return absl::OkStatus();
}

void FrameOpener::OpenBodyChunk(ByteView ciphertext) {
  const size_t absorbed = std::min(ciphertext.size(), absorbed_ahead_);
  absorbed_ahead_ -= absorbed;
  mac_.AbsorbBody(ciphertext.subspan(absorbed));
  if (!id_read_) {
    ctr_.Apply(ciphertext.first(1), &frame_.id);
    ciphertext = ciphertext.subspan(1);
    id_read_ = true;
    --content_left_;
  }
  const size_t payload = std::min(content_left_, ciphertext.size());
  const size_t at = frame_.payload.size();
  frame_.payload.insert(frame_.payload.end(), ciphertext.begin(), ciphertext.begin() + payload);
  ctr_.Apply(ByteView(frame_.payload).subspan(at), frame_.payload.data() + at);
  content_left_ -= payload;
  FixedBytes<16> padding;
  ctr_.Apply(ciphertext.subspan(payload), padding.data());
  padding_left_ -= ciphertext.size() - payload;
}

absl::Status FrameOpener::CheckBodyMac() {
  const FixedBytes<16> expected = mac_.Body();
  if (CRYPTO_memcmp(expected.data(), tag_.data(), tag_.size()) != 0) {
    return absl::UnauthenticatedError("frame body: wrong MAC");
  }
  if (frame_.id == kIdZero) {
    frame_.id = 0;
  } else if (frame_.id == 0 || frame_.id > kIdZero) {
    return absl::InvalidArgumentError(
        absl::StrFormat("message id: byte 0x%02x is not RLP of 0 to 127", frame_.id));
  }
  ready_ = true;
  return absl::OkStatus();
}

OpenedFrame FrameOpener::Take() {
  header_filled_ = tag_filled_ = 0;
  id_read_ = ready_ = false;
  return std::exchange(frame_, {});
}

}  // namespace flblk::rlpx
