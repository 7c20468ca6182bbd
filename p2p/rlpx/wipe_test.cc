// Secrets do not outlive their use. This program has the allocation functions of C++ and of
// libsodium's locked memory to itself: what is freed must hold no secret any more, and what
// sodium_malloc gave goes back by sodium_free, which wipes it.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <cstdlib>
#include <new>

#include "p2p/rlpx/ecies.h"
#include "p2p/rlpx/testing/sessions.h"
#include "signer/ed25519.h"

namespace {

using flblk::FixedBytes;

// No heap for what is looked for.
FixedBytes<32> watched[12];
size_t watched_count = 0;
bool found[12];
int locked = 0;  // blocks of sodium_malloc that were not freed

void LookAt(void* block) {
  const size_t size = malloc_usable_size(block);
  for (size_t i = 0; i < watched_count; ++i) {
    found[i] = found[i] || memmem(block, size, watched[i].data(), watched[i].size()) != nullptr;
  }
}

void Free(void* block) {
  if (block == nullptr) return;
  if (watched_count > 0) LookAt(block);
  std::free(block);
}

void* Allocate(size_t size, size_t alignment = alignof(std::max_align_t)) {
  const size_t whole = (std::max<size_t>(size, 1) + alignment - 1) / alignment * alignment;
  void* block = std::aligned_alloc(alignment, whole);
  if (block == nullptr) std::abort();
  return block;
}

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new(size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* block) noexcept { Free(block); }
void operator delete(void* block, size_t) noexcept { Free(block); }
void operator delete(void* block, std::align_val_t) noexcept { Free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { Free(block); }

extern "C" __attribute__((visibility("default"))) void* sodium_malloc(const size_t size) {
  ++locked;
  return Next<void*(size_t)>("sodium_malloc")(size);
}
extern "C" __attribute__((visibility("default"))) void sodium_free(void* block) {
  if (block != nullptr) --locked;
  Next<void(void*)>("sodium_free")(block);
}

namespace flblk::rlpx {
namespace {

using testing::Filled;
using testing::KeyNumber;

class Wipe : public ::testing::Test {
 protected:
  Wipe() {
    KeyNumber(1), KeyNumber(2);  // kept to the end of the process
    locked_before_ = locked;
  }
  ~Wipe() override {
    watched_count = 0;
    EXPECT_EQ(locked, locked_before_) << "locked memory was not freed by sodium_free";
  }
  static void Watch(const FixedBytes<32>& secret) {
    watched[watched_count] = secret;
    found[watched_count++] = false;
  }
  static void ExpectNothingFound() {
    for (size_t i = 0; i < watched_count; ++i) EXPECT_FALSE(found[i]) << "secret " << i;
  }
  int locked_before_ = 0;
};

TEST_F(Wipe, TheLookFindsWhatIsThere) {
  Watch(Filled(0x77));
  { const Bytes forgotten(100, 0x77); }
  EXPECT_TRUE(found[0]);
}

TEST_F(Wipe, KeysLiveInLockedMemoryOnly) {
  Watch(Filled(0x31));
  {
    const SecretKey builder = *SecretKey::FromSeed(Filled(0x31));
    SecretKey moved = *SecretKey::FromSeed(Filled(0x32));
    const NodeKey node = *NodeKey::FromSecret(Filled(0x31));
    EXPECT_EQ(locked, locked_before_ + 3);
    moved = *SecretKey::FromSeed(Filled(0x33));
    EXPECT_EQ(locked, locked_before_ + 3);
    builder.Sign(AsBytes("text"));
    EXPECT_TRUE(node.Ecdh(KeyNumber(1).id()).ok());
  }
  ExpectNothingFound();
}

// Everything that a session is made of: its draws, the keys agreed on, those of its packets.
TEST_F(Wipe, ASessionLeavesNoSecretBehind) {
  const HandshakeRandom draws[] = {HandshakeRandom::FromEntropy(Filled(11)),
                                   HandshakeRandom::FromEntropy(Filled(22))};
  Hash32 aes, mac;
  {
    Handshake initiator(Role::kInitiator, &KeyNumber(1), KeyNumber(2).id(), draws[0]);
    Handshake recipient(Role::kRecipient, &KeyNumber(2), std::nullopt, draws[1]);
    ASSERT_TRUE(recipient.Start().ok());
    ASSERT_TRUE(recipient.Feed(*initiator.Start()).ok());
    aes = recipient.secrets().aes;
    mac = recipient.secrets().mac;
  }
  Hash32 packet_secrets[2], packet_macs[2];
  for (size_t i = 0; i < 2; ++i) {  // auth is made for key 2, ack for key 1
    packet_secrets[i] =
        *NodeKey::FromSecret(draws[i].ecies)->Ecdh(KeyNumber(static_cast<uint8_t>(2 - i)).id());
    FixedBytes<32> material;
    ConcatKdf(packet_secrets[i], material);
    SHA256(material.data() + 16, 16, packet_macs[i].data());
  }
  for (size_t i = 0; i < 2; ++i) {
    Watch(draws[i].ephemeral);
    Watch(draws[i].ecies);
    Watch(packet_secrets[i]);
    Watch(packet_macs[i]);
  }
  Watch(aes);
  Watch(mac);
  Watch(Filled(1));  // the node keys
  Watch(Filled(2));
  {
    testing::Pair pair;
    pair.Run();
    EXPECT_EQ(pair.a.All<Established>().size(), 1u);
    EXPECT_TRUE(pair.a.session.Send(*testing::MakeFrame(wire::MessageId::kAuthorized, {7})).ok());
    pair.Run();
    EXPECT_EQ(pair.b.All<MessageReceived>().size(), 1u);
  }
  ExpectNothingFound();
}

}  // namespace
}  // namespace flblk::rlpx
