// The world of the explicit-state search: two or three builders with full-mesh FIFO links, a
// sequencer that may authorize anybody, and an adversary with budgets. The machines are the ones
// that ship (p2p/core/handoff.h) and, as a party, the reference's.
//
// Time advances in ticks of one flashblock interval; a message may wait in its link across any
// number of events, but is there before the slot after its own ends. A state is a value: canonical,
// comparable by its fingerprint, forked for every choice.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "p2p/core/handoff.h"
#include "tests/sim/reference_machine.h"

namespace flblk::sim {

inline constexpr size_t kMaxParties = 3;

struct ModelConfig {
  std::string parties = "FF";  // F: flblk, R: reference; party i has the i-th lowest key
  uint8_t slots = 3;
  uint8_t flashblocks = 1;     // at most, per slot, of all builders together
  uint8_t authorizations = 2;  // per slot: the first one and a failover inside the slot
  uint8_t ticks = 2;           // per slot
  uint8_t crashes = 0, stops = 0, cuts = 0, replays = 0,
          revocations = 0;  // budgets of the whole run
  bool takeover = false;    // takeover_after of two intervals
  // The sequencer moves only after the network had time to carry what the builder before said:
  // whoever is authorized has no StartPublish or flashblock in flight towards it. Only then can I4
  // hold: nobody waits for whom it never heard.
  bool prompt = false;
  // Nothing is lost, and each slot has at most one failover: I4 is checked.
  bool checks_i4() const {
    return prompt && authorizations <= 2 && crashes + cuts + stops + revocations == 0 &&
           parties.find('R') == std::string::npos;
  }
};

enum class MessageKind : uint8_t { kStart, kStop, kFlashblock };
struct Message {
  MessageKind kind;
  Key from;
  Slot slot;
  uint8_t index;  // flashblocks
  Slot sent_in = 0;
  auto operator<=>(const Message&) const = default;
};

enum class ActionKind : uint8_t {
  kAuthorize,  // a
  kRevoke,     // a: attributes without Authorization
  kDeliver,    // a -> b: head of the link
  kPublish,    // a
  kTick,
  kNextSlot,
  kCrash,    // a: gone with all its links
  kRestart,  // a: empty memory, links back
  kStop,     // a: the host stops it
  kCut,      // a - b: what is in flight is lost
  kMend,     // a - b
  kReplay,   // the Start or Stop with bit `b` of Party::heard once more to a
};
struct Choice {
  ActionKind kind;
  uint8_t a = 0, b = 0;
};

struct Party {
  std::variant<core::handoff::Machine, ReferenceMachine> machine;
  bool up = true;
  bool announced = false;     // I1: a StartPublish precedes the flashblocks
  uint8_t authorized_in = 0;  // newest slot it was authorized in
  Slot flashblock_slot = 0;   // the block it follows, and the next index of it
  uint8_t next_index = 0;
  uint64_t heard = 0;  // I6: bit per Start and Stop (key, slot) received since its start

  bool Publishing() const;
  Slot PublishingSlot() const;  // of a publishing one
};

class Model {
 public:
  explicit Model(const ModelConfig& config);

  std::vector<Choice> Choices() const;
  // Applies the choice; returns what it broke ("" : nothing). `says`: the choice and its effects in
  // words.
  std::string Apply(const Choice& choice, std::string* says = nullptr);

  // No message in flight and no timer pending: then Settle() shows where this ends.
  bool Quiet() const;
  // Heals everything, lets publishers publish and time pass for some rounds, then authorizes `only`
  // alone in two more slots, fairly. Returns what I3 or I5 finds broken.
  std::string Settle(std::optional<uint8_t> only, std::vector<std::string>* says = nullptr);

  // 128 bits over everything that decides the future.
  std::array<uint64_t, 2> Fingerprint() const;
  uint8_t slot() const { return slot_; }

 private:
  size_t n() const { return parties_.size(); }
  bool Connected(size_t a, size_t b) const;
  bool SignUnderway(size_t to) const;
  core::handoff::Machine Fresh(uint8_t party) const;
  void Handle(uint8_t party, const core::handoff::Result& result, std::string* says);
  void Handle(uint8_t party, const std::vector<ReferenceOutput>& outputs, std::string* says);
  void StepOurs(uint8_t party, const core::handoff::Event& event, std::string* says);
  void Receive(uint8_t party, const Message& message, std::string* says);
  void Broadcast(uint8_t from, const Message& message, std::string* says);
  void Authorize(uint8_t party, std::string* says);
  std::string Publish(uint8_t party, std::string* says);
  std::string Replay(uint8_t party, uint8_t which, std::string* says);
  void Tick(std::string* says);
  void NextSlot();
  bool Overdue() const;
  void ClearLinks(uint8_t party);
  void DeliverAll(std::string* says);
  std::string Round(std::vector<std::string>* says, bool publish);
  std::string OnePublisherAtMost() const;
  void Remember(Party& party, const Message& message);

  ModelConfig config_;
  std::vector<Party> parties_;
  using Link = absl::InlinedVector<Message, 12>;                  // oldest first
  std::array<std::array<Link, kMaxParties>, kMaxParties> links_;  // [from][to]
  std::array<std::array<bool, kMaxParties>, kMaxParties> cut_{};
  uint8_t slot_ = 1;
  uint8_t ticks_ = 0, authorizations_ = 0, flashblocks_ = 0;  // used in this slot
  uint8_t crashes_ = 0, stops_ = 0, cuts_ = 0, replays_ = 0, revocations_ = 0;
  bool settling_ = false;
};

std::string Words(const Choice& choice);

}  // namespace flblk::sim
