#include "p2p/rlpx/handshake.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/rlpx/ecies.h"
#include "p2p/rlpx/limits.h"
#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

constexpr uint64_t kVersion = 4;
constexpr size_t kMinPadding = 100;
constexpr size_t kPaddingSpread = 200;  // 100..299 bytes

Hash32 Xor(const Hash32& a, const Hash32& b) {
  Hash32 out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

Hash32 KeccakOfTwo(const Hash32& a, const Hash32& b) {
  return Keccak256State().Update(a).Update(b).Digest();
}

Bytes Padded(Bytes body, uint8_t padding) {
  body.resize(body.size() + kMinPadding + padding % kPaddingSpread);
  return body;
}

absl::StatusOr<Bytes> Seal(const NodeId& to, ByteView body, const HandshakeRandom& random) {
  absl::StatusOr<NodeKey> ephemeral = NodeKey::FromSecret(random.ecies);
  if (!ephemeral.ok()) return ephemeral.status();
  return EciesSeal(to, body, *ephemeral, SafeIv(random.iv));
}

}  // namespace

Secrets::~Secrets() { sodium_memzero(this, sizeof *this); }

HandshakeRandom HandshakeRandom::FromEntropy(std::span<const uint8_t, 32> entropy) {
  static_assert(randombytes_SEEDBYTES == 32);
  static_assert(std::has_unique_object_representations_v<HandshakeRandom>);
  HandshakeRandom out;
  randombytes_buf_deterministic(&out, sizeof out, entropy.data());
  return out;
}

Handshake::Handshake(Role role, const NodeKey* key, std::optional<NodeId> remote,
                     const HandshakeRandom& random)
    : role_(role), key_(key), random_(random) {
  if (role == Role::kInitiator) remote_ = remote;
}

Handshake::~Handshake() { sodium_memzero(&random_, sizeof random_); }

absl::StatusOr<Bytes> Handshake::Start() {
  absl::StatusOr<NodeKey> ephemeral = NodeKey::FromSecret(random_.ephemeral);
  if (!ephemeral.ok()) return ephemeral.status();
  ephemeral_ = *std::move(ephemeral);
  if (role_ == Role::kRecipient) return Bytes();
  if (!remote_) return absl::InvalidArgumentError("initiator without the node id to dial");
  absl::StatusOr<Hash32> shared = key_->Ecdh(*remote_);
  if (!shared.ok()) return shared.status();
  const auto signature = ephemeral_->SignRecoverable(Xor(*shared, random_.nonce));
  sodium_memzero(shared->data(), shared->size());
  Bytes body = wire::RlpEncodeList([&](auto& out) {
    out.String(signature);
    out.String(key_->id());
    out.String(random_.nonce);
    out.Uint(kVersion);
  });
  absl::StatusOr<Bytes> packet = Seal(*remote_, Padded(std::move(body), random_.padding), random_);
  if (packet.ok()) sent_ = *packet;
  return packet;
}

absl::StatusOr<size_t> Handshake::Feed(ByteView bytes) {
  size_t used = 0;
  while (received_.size() < kEciesPrefix && used < bytes.size()) received_.push_back(bytes[used++]);
  if (received_.size() < kEciesPrefix) return used;
  const size_t size = size_t{received_[0]} << 8 | received_[1];
  if (size <= kEciesOverhead || size > kMaxHandshakePacket) {
    return absl::InvalidArgumentError(absl::StrCat("handshake packet: size ", size, ", allowed ",
                                                   kEciesOverhead + 1, " to ",
                                                   kMaxHandshakePacket));
  }
  const size_t take = std::min(bytes.size() - used, kEciesPrefix + size - received_.size());
  received_.insert(received_.end(), bytes.begin() + used, bytes.begin() + used + take);
  used += take;
  if (received_.size() < kEciesPrefix + size) return used;
  absl::Status status = role_ == Role::kInitiator ? ReadAck() : ReadAuth();
  if (!status.ok()) return status;
  return used;
}

absl::Status Handshake::ReadAuth() {
  absl::StatusOr<Bytes> plain = EciesOpen(*key_, received_);
  if (!plain.ok()) return plain.status();
  FixedBytes<65> signature{};
  NodeId initiator{};
  Hash32 nonce{};
  absl::Status status;
  wire::RlpReader list = wire::RlpReader(*plain, &status).List("auth");
  list.Fixed("auth signature", signature);
  list.Fixed("auth initiator id", initiator);
  list.Fixed("auth nonce", nonce);
  list.Uint("auth version");
  if (!status.ok()) return status;
  absl::StatusOr<Hash32> shared = key_->Ecdh(initiator);
  if (!shared.ok()) return shared.status();
  absl::StatusOr<NodeId> remote_ephemeral = RecoverNodeId(Xor(*shared, nonce), signature);
  sodium_memzero(shared->data(), shared->size());
  if (!remote_ephemeral.ok()) return remote_ephemeral.status();
  remote_ = initiator;

  Bytes body = wire::RlpEncodeList([&](auto& out) {
    out.String(ephemeral_->id());
    out.String(random_.nonce);
    out.Uint(kVersion);
  });
  absl::StatusOr<Bytes> ack = Seal(initiator, Padded(std::move(body), random_.padding), random_);
  if (!ack.ok()) return ack.status();
  sent_ = reply_ = *std::move(ack);
  return Finish(*remote_ephemeral, nonce);
}

absl::Status Handshake::ReadAck() {
  absl::StatusOr<Bytes> plain = EciesOpen(*key_, received_);
  if (!plain.ok()) return plain.status();
  NodeId remote_ephemeral{};
  Hash32 nonce{};
  absl::Status status;
  wire::RlpReader list = wire::RlpReader(*plain, &status).List("ack");
  list.Fixed("ack ephemeral key", remote_ephemeral);
  list.Fixed("ack nonce", nonce);
  list.Uint("ack version");
  if (!status.ok()) return status;
  return Finish(remote_ephemeral, nonce);
}

// * e: the x coordinate of the ephemeral keys' ECDH
// * shared = keccak(e | keccak(recipient-nonce | initiator-nonce))
// * aes = keccak(e | shared), mac = keccak(e | aes)
// * egress = keccak state of (mac XOR remote nonce) | packet we sent
// * ingress = keccak state of (mac XOR our nonce) | packet we received
absl::Status Handshake::Finish(const NodeId& remote_ephemeral, const Hash32& remote_nonce) {
  absl::StatusOr<Hash32> e = ephemeral_->Ecdh(remote_ephemeral);
  if (!e.ok()) return e.status();
  const bool initiator = role_ == Role::kInitiator;
  const Hash32& recipient_nonce = initiator ? remote_nonce : random_.nonce;
  const Hash32& initiator_nonce = initiator ? random_.nonce : remote_nonce;
  Hash32 shared = KeccakOfTwo(*e, KeccakOfTwo(recipient_nonce, initiator_nonce));
  Secrets& secrets = secrets_.emplace();
  secrets.aes = KeccakOfTwo(*e, shared);
  secrets.mac = KeccakOfTwo(*e, secrets.aes);
  secrets.egress_mac.Update(Xor(secrets.mac, remote_nonce)).Update(sent_);
  secrets.ingress_mac.Update(Xor(secrets.mac, random_.nonce)).Update(received_);
  sodium_memzero(shared.data(), shared.size());
  sodium_memzero(e->data(), e->size());
  return absl::OkStatus();
}

}  // namespace flblk::rlpx
