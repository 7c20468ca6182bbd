// RLPx frames: sealing (egress) and opening (ingress).
//
//   frame   = header-ct(16) header-mac(16) body-ct(16 n) body-mac(16)
//   header  = size(3, big-endian) c2 80 80 00..      size: of id and payload, before padding
//   body    = id payload 00..                        zero padded to 16
//   id      = 0x80 for 0, else the byte itself (RLP; ids stay below 0x80)
//   ciphertext: AES-256-CTR, iv 0, one running stream per direction over headers and bodies
//   header-mac: d = digest(); update(AES(mac, d[0..16]) ^ header-ct); digest()[0..16]
//   body-mac:   update(body-ct); d = digest(); update(AES(mac, d[0..16]) ^ d[0..16]);
//   digest()[0..16]
//
// Source: devp2p rlpx.md "Framing".
#pragma once

#include "p2p/rlpx/aes.h"
#include "p2p/rlpx/handshake.h"
#include "signer/keccak_lanes.h"

namespace flblk::rlpx {

// Keccak state plus the AES key of the MACs: one direction of one connection.
class FrameMac {
 public:
  using Tag = FixedBytes<16>;

  FrameMac(const Keccak256State& state, const Hash32& mac_key)
      : state_(state), aes_(mac_key), last_(state.Digest()) {}

  Tag Header(std::span<const uint8_t, 16> header_ct) { return Absorbed(HeaderSeed(header_ct)); }
  void AbsorbBody(ByteView body_ct) { state_.Update(body_ct); }
  // After the whole body was absorbed.
  Tag Body() { return Absorbed(BodySeed(state_.Digest())); }

  // The steps of both, for a driver that does the Keccak work of many connections at once
  // (seal_many.h):
  //   Header: state absorbs HeaderSeed(header-ct); Finish(digest of the state)
  //   Body:   state absorbs the body; state absorbs BodySeed(its digest); Finish(digest of the
  //   state)
  Keccak256State& state() { return state_; }
  FixedBytes<16> HeaderSeed(std::span<const uint8_t, 16> header_ct);
  FixedBytes<16> BodySeed(const Hash32& digest);
  Tag Finish(const Hash32& digest);

  void CopyFrom(const FrameMac& other);

 private:
  Tag Absorbed(const FixedBytes<16>& seed) { return Finish(state_.Update(seed).Digest()); }
  Keccak256State state_;
  AesBlock aes_;
  Hash32 last_;  // digest of state_ as it was after the last tag: what the next header starts from
};

// The egress state of one connection. Order of calls is order on the wire.
class FrameSealer {
 public:
  explicit FrameSealer(const Secrets& secrets)
      : ctr_(secrets.aes), mac_(secrets.egress_mac, secrets.mac) {}

  // Bytes on the wire of a payload of that size; 1 + payload <= kMaxFrameContent.
  static constexpr size_t SealedSize(size_t payload) {
    return 16 + 16 + (1 + payload + 15) / 16 * 16 + 16;
  }
  // Writes SealedSize(payload.size()) bytes. `id` < 0x80.
  void Seal(uint8_t id, ByteView payload, uint8_t* out);

  // The same in steps, for seal_many.h: Encrypt puts both ciphertexts to their places; then the
  // header's tag belongs at HeaderTag(out), the body's at BodyTag(payload size, out).
  void Encrypt(uint8_t id, ByteView payload, uint8_t* out);
  static std::span<const uint8_t, 16> HeaderCiphertext(const uint8_t* out) {
    return std::span<const uint8_t, 16>(out, 16);
  }
  static uint8_t* HeaderTag(uint8_t* out) { return out + 16; }
  static ByteView BodyCiphertext(size_t payload, const uint8_t* out) {
    return {out + 32, SealedSize(payload) - 48};
  }
  static uint8_t* BodyTag(size_t payload, uint8_t* out) { return out + SealedSize(payload) - 16; }
  FrameMac& mac() { return mac_; }

  // Becomes a second sealer of the same connection, for sealing its next frame aside (seal_pool.h).
  // Both must be given the same frame, or only one of them any: a key stream serves one text.
  void CopyFrom(const FrameSealer& other);

 private:
  AesCtrStream ctr_;
  FrameMac mac_;
};

struct OpenedFrame {
  uint8_t id = 0;
  Bytes payload;  // without the id and the padding
};

// The ingress state of one connection: a byte machine.
class FrameOpener {
 public:
  explicit FrameOpener(const Secrets& secrets)
      : ctr_(secrets.aes), mac_(secrets.ingress_mac, secrets.mac) {}

  // Takes bytes up to the end of the current frame and returns how many; ready() tells whether it
  // is whole. The MAC absorbs the body and the body is decrypted while its bytes arrive. Room for
  // the body is made only once the header's MAC is right and its size is within `max_content` (id
  // and payload), and is touched only as far as bytes have come. After an error the opener is dead.
  // UNAUTHENTICATED: a MAC is wrong (compared in constant time); RESOURCE_EXHAUSTED: over the
  // limit; INVALID_ARGUMENT: no id.
  absl::StatusOr<size_t> Feed(ByteView bytes, size_t max_content);

  // For a driver that has the MACs of several connections absorb together: opens the header, where
  // `bytes` complete one, and returns what the MAC is to absorb of the body behind it (`state` is
  // null: nothing). Whoever takes a job does it, and then feeds `bytes`, in any split, before it
  // asks again: the opener knows what is done of them already. An error is reported by Feed.
  KeccakJob TakeAhead(ByteView bytes, size_t max_content);

  bool begun() const { return header_filled_ > 0; }  // a frame, though perhaps not ready
  bool ready() const { return ready_; }
  // The frame; only while ready(). Makes room for the next one.
  OpenedFrame Take();

 private:
  size_t FillHeader(ByteView bytes, size_t max_content);
  absl::Status OpenHeader(size_t max_content);
  void OpenBodyChunk(ByteView ciphertext);
  absl::Status CheckBodyMac();

  AesCtrStream ctr_;
  FrameMac mac_;
  FixedBytes<32> header_{};  // header-ct | header-mac
  size_t header_filled_ = 0;
  size_t content_left_ = 0;  // of id and payload
  size_t padding_left_ = 0;
  bool id_read_ = false;
  FixedBytes<16> tag_{};
  size_t tag_filled_ = 0;
  bool ready_ = false;
  // Of the bytes to be fed next, what TakeAhead did: so many of a header, then so many absorbed.
  size_t header_ahead_ = 0;
  size_t absorbed_ahead_ = 0;
  absl::Status header_status_;  // of the last header
  OpenedFrame frame_;
};

}  // namespace flblk::rlpx
