#include "tests/sim/model.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/sim/message.h"

namespace flblk::sim {
namespace {

Input InputOf(uint8_t from, Message m) {
  static constexpr Input::Kind kKinds[] = {Input::kStart, Input::kStop, Input::kFlashblock};
  return {kKinds[std::min(CodeOf(m), kFlashblockCode)], from, SlotOfMessage(m)};
}

uint8_t Bit(size_t party) { return static_cast<uint8_t>(1u << party); }
bool Has(uint8_t set, size_t party) { return (set >> party & 1) != 0; }
void Set(uint8_t& set, size_t party, bool value) {
  set = static_cast<uint8_t>(value ? set | Bit(party) : set & ~Bit(party));
}

void Say(std::string* says, const std::string& text) {
  if (says != nullptr) absl::StrAppend(says, "\n      ", text);
}

std::string Name(uint8_t party) { return std::string(1, NameOf(party)); }

}  // namespace

Fingerprint FingerprintOf(const State& state) {
  uint64_t words[(sizeof(State) + 7) / 8] = {};
  std::memcpy(words, &state, sizeof state);
  constexpr uint64_t kFirst = 0xd6e8feb86659fd93, kSecond = 0xa0761d6478bd642f;
  uint64_t a = 0x9e3779b97f4a7c15, b = 0xe7037ed1a0b428db;
  for (const uint64_t w : words) {
    a = (a ^ w) * kFirst;
    a ^= a >> 32;
    b = (b ^ w) * kSecond;
    b ^= b >> 29;
  }
  a *= kFirst;
  b *= kSecond;
  return {a ^ a >> 29, b ^ b >> 32};
}

Model::Model(const ModelConfig& config)
    : config_(config), table_({config.parties, config.takeover, config.canonical}) {}

State Model::Initial() const {
  State s;
  for (uint8_t i = 0; i < n(); ++i) {
    s.machine[i] = table_.Fresh(i);
    Set(s.up, i, true);
  }
  return s;
}

bool Model::Connected(const State& s, size_t a, size_t b) const {
  return Has(s.up, a) && Has(s.up, b) && !Has(s.cut, a + b);
}

bool Model::TimerPending(const State& s) const {
  for (uint8_t i = 0; i < n(); ++i) {
    if (Has(s.up, i) && table_.timer_pending(s.machine[i])) return true;
  }
  return false;
}

bool Model::AnythingUnderway(const State& s) const {
  return std::ranges::any_of(s.links, [](const auto& row) {
    return std::ranges::any_of(row, [](const State::Link& link) { return link.size > 0; });
  });
}

bool Model::Overdue(const State& s) const {
  for (const auto& row : s.links) {
    for (const State::Link& link : row) {
      if (link.size > 0 && IsOld(link.messages[0])) return true;
    }
  }
  return false;
}

// ---------------------------------------------------------------------------------------------------
// choices

// With late links: the one delivery that comes before everything else.
bool Model::DueDelivery(const State& s, std::vector<Choice>& out) const {
  if (config_.late == 255) return false;
  for (uint8_t i = 0; i < n(); ++i) {
    for (uint8_t j = 0; j < n(); ++j) {
      if (s.links[i][j].size == 0 || s.links[i][j].late) continue;
      out.push_back({ActionKind::kDeliver, i, j});
      if (s.late < config_.late) out.push_back({ActionKind::kLate, i, j});
      return true;
    }
  }
  return false;
}

void Model::OwnChoices(const State& s, uint8_t i, bool may_authorize,
                       std::vector<Choice>& out) const {
  const bool ours = table_.ours(s.machine[i]);
  if (may_authorize && !Has(s.latest | s.resigned, i)) out.push_back({ActionKind::kAuthorize, i});
  if (ours && s.revocations < config_.revocations) out.push_back({ActionKind::kRevoke, i});
  if (table_.publishing(s.machine[i]) && s.flashblocks < config_.flashblocks)
    out.push_back({ActionKind::kPublish, i});
  if (s.crashes < config_.crashes) out.push_back({ActionKind::kCrash, i});
  if (ours && s.stops < config_.stops) out.push_back({ActionKind::kStop, i});
  for (uint8_t bit = 0; s.replays < config_.replays && bit < 32; ++bit) {
    if ((s.heard[i] >> bit & 1) != 0) out.push_back({ActionKind::kReplay, i, bit});
  }
}

void Model::LinkChoices(const State& s, uint8_t i, std::vector<Choice>& out) const {
  for (uint8_t j = 0; j < n(); ++j) {
    if (s.links[i][j].size > 0) out.push_back({ActionKind::kDeliver, i, j});
    if (i >= j || !Has(s.up, j)) continue;
    if (Has(s.cut, i + j)) {
      out.push_back({ActionKind::kMend, i, j});
    } else if (s.cuts < config_.cuts) {
      out.push_back({ActionKind::kCut, i, j});
    }
  }
}

void Model::Choices(const State& s, std::vector<Choice>& out) const {
  out.clear();
  if (DueDelivery(s, out)) return;
  const bool may_authorize =
      s.authorizations < config_.authorizations && (!config_.calm || Quiet(s));
  for (uint8_t i = 0; i < n(); ++i) {
    if (!Has(s.up, i)) {
      out.push_back({ActionKind::kRestart, i});
      continue;
    }
    OwnChoices(s, i, may_authorize, out);
    LinkChoices(s, i, out);
  }
  if (s.ticks < config_.ticks && !(config_.calm && AnythingUnderway(s)))
    out.push_back({ActionKind::kTick});
  if ((config_.slots == 0 || s.slots + 1 < config_.slots) && !Overdue(s))
    out.push_back({ActionKind::kNextSlot});
}

std::string Model::Apply(State& s, const Choice& c, std::string* says) {
  std::string broken;
  switch (c.kind) {
    case ActionKind::kAuthorize:
      ++s.authorizations;
      s.latest = Bit(c.a);
      Step(s, c.a, {Input::kAuthorized}, says);
      break;
    case ActionKind::kRevoke:
      ++s.revocations;
      Set(s.latest, c.a, false);
      Set(s.resigned, c.a, true);
      Step(s, c.a, {Input::kRevoked}, says);
      break;
    case ActionKind::kDeliver:
      Deliver(s, c.a, c.b, says);
      break;
    case ActionKind::kPublish:
      ++s.flashblocks;
      broken = Publish(s, c.a, says);
      break;
    case ActionKind::kTick:
      ++s.ticks;
      for (uint8_t i = 0; i < n(); ++i) {
        if (Has(s.up, i)) Step(s, i, {Input::kInterval}, says);
      }
      break;
    case ActionKind::kNextSlot:
      NextSlot(s);
      Say(says, absl::StrCat("it is slot ", SlotName(kCurrent)));
      break;
    case ActionKind::kCrash:
      ++s.crashes;
      Crash(s, c.a);
      break;
    case ActionKind::kRestart:
      Set(s.up, c.a, true);
      break;
    case ActionKind::kStop:
      ++s.stops;
      Set(s.latest, c.a, false);
      Set(s.resigned, c.a, true);
      Step(s, c.a, {Input::kHostStopped}, says);
      break;
    case ActionKind::kCut:
      ++s.cuts;
      Set(s.cut, c.a + c.b, true);
      s.links[c.a][c.b] = s.links[c.b][c.a] = {};
      break;
    case ActionKind::kMend:
      Set(s.cut, c.a + c.b, false);
      break;
    case ActionKind::kLate:
      ++s.late;
      s.links[c.a][c.b].late = 1;
      break;
    case ActionKind::kReplay:
      ++s.replays;
      broken = Replay(s, c.a, c.b, says);
      break;
  }
  if (overflow_) return "the model has no room for so many messages or slots";
  return broken;
}

// -----------------------------------------------------------------------------------------------
// machines

void Model::Step(State& s, uint8_t party, const Input& input, std::string* says) {
  const uint32_t before = s.machine[party];
  const Outcome& out = table_.Step(before, input);
  if (says != nullptr) {
    const std::string text = table_.Explain(before, input);
    if (!text.empty()) Say(says, absl::StrCat(Name(party), ": ", text));
  }
  s.machine[party] = out.next;
  if (out.announced != 0) Set(s.announced, party, out.announced > 0);
  for (size_t k = 0; k < out.sends; ++k) {
    Send(s, party, MakeMessage(out.sent[k].kind == MessageKind::kStart ? 0 : 1, out.sent[k].slot),
         says);
  }
}

void Model::Send(State& s, uint8_t from, Message m, std::string* says) {
  Say(says, absl::StrCat(Name(from), ": sends ", Words(from, m)));
  for (uint8_t to = 0; to < n(); ++to) {
    if (to == from || !Connected(s, from, to)) continue;
    State::Link& link = s.links[from][to];
    if (link.size == State::kQueue) {
      overflow_ = true;
    } else {
      link.messages[link.size] = m;
      ++link.size;
    }
  }
}

// Flashblocks are the inbox's business: replays of them never get here.
void Model::Receive(State& s, uint8_t from, uint8_t to, Message m, std::string* says) {
  const Slot slot = SlotOfMessage(m);
  const unsigned code = CodeOf(m);
  if (code >= kFlashblockCode) {
    if (config_.checks_i4() && slot == kCurrent && code - kFlashblockCode == s.next_index[to])
      ++s.next_index[to];
  } else if (s.replays < config_.replays && slot + kHeardSlots > kCurrent) {
    s.heard[to] |= 1u << ((code * kMaxParties + from) * kHeardSlots + (kCurrent - slot));
  }
  Step(s, to, InputOf(from, m), says);
}

void Model::Deliver(State& s, uint8_t from, uint8_t to, std::string* says) {
  State::Link& link = s.links[from][to];
  const Message m = link.messages[0];
  std::shift_left(link.messages.begin(), link.messages.end(), 1);
  --link.size;
  link.messages[link.size] = 0;
  if (link.size == 0) link.late = 0;
  if (says != nullptr) absl::StrAppend(says, ": ", Words(from, m));
  Receive(s, from, to, m, says);
}

std::string Model::Publish(State& s, uint8_t i, std::string* says) {
  if (!table_.may_publish(s.machine[i])) return "a publisher may not publish";
  if (!Has(s.announced, i)) return absl::StrCat("I1: ", Name(i), " publishes without StartPublish");
  const Slot slot = table_.slot(s.machine[i]);
  std::string broken;
  unsigned index = 0;
  if (config_.checks_i4() && slot == kCurrent && !settling_) {
    // I4: the slot's sequence over all builders is 0, 1, 2 ... in the order of publishing.
    index = s.next_index[i]++;
    if (index != s.expected) {
      broken = absl::StrCat("I4: ", Name(i), " publishes index ", index, " where ",
                            static_cast<int>(s.expected), " comes next");
    }
    ++s.expected;
  }
  Step(s, i, {Input::kPublished}, says);
  Send(s, i, MakeMessage(kFlashblockCode + index, slot), says);
  return broken;
}

std::string Model::Replay(State& s, uint8_t i, uint8_t bit, std::string* says) {
  const auto from = static_cast<uint8_t>(bit / kHeardSlots % kMaxParties);
  const Message m = MakeMessage(bit / (kMaxParties * kHeardSlots),
                                static_cast<Slot>(kCurrent - bit % kHeardSlots));
  if (says != nullptr) absl::StrAppend(says, ": ", Words(from, m));
  const uint32_t before = s.machine[i];
  const bool moves = table_.Step(before, InputOf(from, m)).moved;
  Receive(s, from, i, m, says);
  if (s.replays == config_.replays) s.heard = {};
  if (!moves || !table_.ours(before)) return "";
  return absl::StrCat("I6: a replay moves ", Name(i), " from ", table_.state_name(before));
}

void Model::Crash(State& s, uint8_t i) {
  Set(s.up, i, false);
  Set(s.announced, i, false);
  Set(s.latest, i, false);
  s.machine[i] = table_.Fresh(i);
  s.heard[i] = 0;
  s.next_index[i] = 0;
  for (size_t j = 0; j < n(); ++j) s.links[i][j] = s.links[j][i] = {};
}

// Everything is renumbered; see slots.h.
void Model::NextSlot(State& s) {
  uint32_t used = 1u << kCurrent;
  for (uint8_t i = 0; i < n(); ++i) used |= table_.used_slots(s.machine[i]);
  for (auto& row : s.links) {
    for (State::Link& link : row) {
      for (size_t k = 0; k < link.size; ++k) used |= 1u << SlotOfMessage(link.messages[k]);
    }
  }
  constexpr uint32_t kOldest = 0b100100100100100100100100100;
  uint32_t heard = 0;
  for (uint32_t& h : s.heard) {
    h &= ~kOldest;
    for (unsigned bit = 0; bit < 32; ++bit) {
      if ((h >> bit & 1) != 0) heard |= 1u << (kCurrent - bit % kHeardSlots);
    }
  }
  used |= heard;
  SlotMap map;
  if (!NextSlotMap(used, map)) {
    overflow_ = true;
    return;
  }
  for (uint8_t i = 0; i < n(); ++i) s.machine[i] = table_.Renumber(s.machine[i], map);
  for (auto& row : s.links) {
    for (State::Link& link : row) {
      for (size_t k = 0; k < link.size; ++k) {
        Message& m = link.messages[k];
        m = static_cast<Message>(MakeMessage(CodeOf(m), map[SlotOfMessage(m)]) | 128);
      }
    }
  }
  for (uint32_t& h : s.heard) {
    uint32_t to = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
      if ((h >> bit & 1) == 0) continue;
      const unsigned age = kCurrent - map[kCurrent - bit % kHeardSlots];
      if (age < kHeardSlots) to |= 1u << (bit / kHeardSlots * kHeardSlots + age);
    }
    h = to;
  }
  std::array<int, kSlots> names{};
  for (size_t old = 1; old < kSlots; ++old) {
    if (map[old] != 0) names[map[old]] = names_[old];
  }
  names[kCurrent] = names_[kCurrent] + 1;
  names_ = names;
  s.next_index = {};
  s.expected = s.ticks = s.authorizations = s.flashblocks = s.latest = s.resigned = 0;
  if (config_.slots > 0) ++s.slots;
}

}  // namespace flblk::sim
