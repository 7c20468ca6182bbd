#include "tests/sim/model.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace flblk::sim {
namespace {

using core::PublishState;
namespace handoff = core::handoff;

constexpr uint64_t kBlockSeconds = 2;
constexpr Duration kInterval = std::chrono::milliseconds(200);
constexpr int kSettleRounds = 6;
constexpr unsigned kHeardSlots = 10;  // 2 kinds * 3 keys * 10 slots fit 64 bits

uint64_t Timestamp(Slot slot) { return 1000 + kBlockSeconds * slot; }
Slot SlotOf(uint64_t timestamp) { return static_cast<Slot>((timestamp - 1000) / kBlockSeconds); }

PublicKey KeyOf(Key key) {
  PublicKey k;
  k.bytes[0] = static_cast<uint8_t>(key + 1);
  return k;
}

Authorization AuthorizationFor(Key key, Slot slot) {
  Authorization a;
  a.payload_id = {3, 0, 0, 0, 0, 0, 0, slot};
  a.timestamp = Timestamp(slot);
  a.builder_vk = KeyOf(key);
  return a;
}

char NameOf(uint8_t party) { return static_cast<char>('A' + party); }

std::string Words(const Message& m) {
  const char* kind = m.kind == MessageKind::kStart  ? "Start"
                     : m.kind == MessageKind::kStop ? "Stop"
                                                    : "flashblock";
  std::string out = absl::StrCat(kind, "(", std::string(1, NameOf(m.from)), ", slot ", m.slot);
  if (m.kind == MessageKind::kFlashblock) absl::StrAppend(&out, ", index ", m.index);
  return out + ")";
}

void Say(std::string* says, const std::string& text) {
  if (says != nullptr) absl::StrAppend(says, "\n      ", text);
}

}  // namespace

std::string Words(const Choice& c) {
  const std::string a(1, NameOf(c.a)), b(1, NameOf(c.b));
  switch (c.kind) {
    case ActionKind::kAuthorize:
      return absl::StrCat("sequencer: authorizes ", a);
    case ActionKind::kRevoke:
      return absl::StrCat("sequencer: attributes without Authorization to ", a);
    case ActionKind::kDeliver:
      return absl::StrCat(a, " -> ", b);
    case ActionKind::kPublish:
      return absl::StrCat(a, ": publishes");
    case ActionKind::kTick:
      return "time: one flashblock interval passes";
    case ActionKind::kNextSlot:
      return "time: next slot";
    case ActionKind::kCrash:
      return absl::StrCat(a, ": crashes");
    case ActionKind::kRestart:
      return absl::StrCat(a, ": restarts");
    case ActionKind::kStop:
      return absl::StrCat(a, ": its host stops it");
    case ActionKind::kCut:
      return absl::StrCat("link ", a, "-", b, " is cut");
    case ActionKind::kMend:
      return absl::StrCat("link ", a, "-", b, " is back");
    case ActionKind::kReplay:
      return absl::StrCat("adversary: replays to ", a);
  }
  return "?";
}

bool Party::Publishing() const {
  if (!up) return false;
  if (const auto* ours = std::get_if<handoff::Machine>(&machine))
    return ours->state() == PublishState::kPublishing;
  return std::get<ReferenceMachine>(machine).state() == ReferenceMachine::State::kPublishing;
}

Slot Party::PublishingSlot() const {
  if (const auto* ours = std::get_if<handoff::Machine>(&machine))
    return SlotOf(ours->authorization().timestamp);
  return std::get<ReferenceMachine>(machine).authorized();
}

Model::Model(const ModelConfig& config) : config_(config) {
  for (uint8_t i = 0; i < config.parties.size(); ++i) {
    Party p{Fresh(i)};
    if (config.parties[i] == 'R') p.machine = ReferenceMachine(i);
    parties_.push_back(std::move(p));
  }
}

handoff::Machine Model::Fresh(uint8_t party) const {
  handoff::Config c;
  c.self = KeyOf(party);
  c.flashblock_interval = kInterval;
  c.block_seconds = kBlockSeconds;
  if (config_.takeover) c.takeover_after = 2 * kInterval;
  return handoff::Machine(c, MonoTime{});
}

bool Model::Connected(size_t a, size_t b) const {
  return parties_[a].up && parties_[b].up && !cut_[std::min(a, b)][std::max(a, b)];
}

bool Model::SignUnderway(size_t to) const {
  for (size_t from = 0; from < n(); ++from) {
    for (const Message& m : links_[from][to]) {
      if (m.kind != MessageKind::kStop) return true;
    }
  }
  return false;
}

// ---------------------------------------------------------------------------------------------------
// choices

std::vector<Choice> Model::Choices() const {
  std::vector<Choice> out;
  for (uint8_t i = 0; i < n(); ++i) {
    const Party& p = parties_[i];
    if (!p.up) {
      out.push_back({ActionKind::kRestart, i});
      continue;
    }
    const bool ready = !config_.prompt || !SignUnderway(i);
    if (authorizations_ < config_.authorizations && p.authorized_in < slot_ && ready) {
      out.push_back({ActionKind::kAuthorize, i});
    }
    if (revocations_ < config_.revocations) out.push_back({ActionKind::kRevoke, i});
    if (p.Publishing() && flashblocks_ < config_.flashblocks)
      out.push_back({ActionKind::kPublish, i});
    if (crashes_ < config_.crashes) out.push_back({ActionKind::kCrash, i});
    if (stops_ < config_.stops) out.push_back({ActionKind::kStop, i});
    if (replays_ < config_.replays) {
      for (uint8_t bit = 0; bit < 64; ++bit) {
        if ((p.heard >> bit & 1) != 0) out.push_back({ActionKind::kReplay, i, bit});
      }
    }
    for (uint8_t j = 0; j < n(); ++j) {
      if (!links_[i][j].empty()) out.push_back({ActionKind::kDeliver, i, j});
      if (i < j && parties_[j].up && cut_[i][j]) out.push_back({ActionKind::kMend, i, j});
      if (i < j && Connected(i, j) && cuts_ < config_.cuts) out.push_back({ActionKind::kCut, i, j});
    }
  }
  if (ticks_ < config_.ticks) out.push_back({ActionKind::kTick});
  if (slot_ < config_.slots && !Overdue()) out.push_back({ActionKind::kNextSlot});
  return out;
}

std::string Model::Apply(const Choice& c, std::string* says) {
  if (says != nullptr) *says = Words(c);
  switch (c.kind) {
    case ActionKind::kAuthorize:
      ++authorizations_;
      Authorize(c.a, says);
      return "";
    case ActionKind::kRevoke:
      ++revocations_;
      if (config_.parties[c.a] == 'F') StepOurs(c.a, handoff::NotAuthorized{}, says);
      return "";
    case ActionKind::kDeliver: {
      const Message m = links_[c.a][c.b].front();
      links_[c.a][c.b].erase(links_[c.a][c.b].begin());
      if (says != nullptr) absl::StrAppend(says, ": ", Words(m));
      Receive(c.b, m, says);
      return "";
    }
    case ActionKind::kPublish:
      return Publish(c.a, says);
    case ActionKind::kTick:
      ++ticks_;
      Tick(says);
      return "";
    case ActionKind::kNextSlot:
      NextSlot();
      return "";
    case ActionKind::kCrash:
      ++crashes_;
      parties_[c.a].up = false;
      ClearLinks(c.a);
      return "";
    case ActionKind::kRestart: {
      Party fresh{Fresh(c.a)};
      if (config_.parties[c.a] == 'R') fresh.machine = ReferenceMachine(c.a);
      fresh.authorized_in = parties_[c.a].authorized_in;
      parties_[c.a] = std::move(fresh);
      return "";
    }
    case ActionKind::kStop:
      ++stops_;
      if (config_.parties[c.a] == 'F') StepOurs(c.a, handoff::HostStopped{}, says);
      return "";
    case ActionKind::kCut:
      ++cuts_;
      cut_[c.a][c.b] = true;
      links_[c.a][c.b].clear();
      links_[c.b][c.a].clear();
      return "";
    case ActionKind::kMend:
      cut_[c.a][c.b] = false;
      return "";
    case ActionKind::kReplay:
      ++replays_;
      return Replay(c.a, c.b, says);
  }
  return "unknown choice";
}

// -----------------------------------------------------------------------------------------------
// machines

void Model::Authorize(uint8_t i, std::string* says) {
  Party& p = parties_[i];
  p.authorized_in = slot_;
  if (auto* theirs = std::get_if<ReferenceMachine>(&p.machine)) {
    return Handle(i, theirs->OnAuthorized(slot_), says);
  }
  StepOurs(i, handoff::Authorized{AuthorizationFor(i, slot_)}, says);
}

void Model::StepOurs(uint8_t i, const handoff::Event& event, std::string* says) {
  auto& machine = std::get<handoff::Machine>(parties_[i].machine);
  const handoff::Result result = machine.Step(event, MonoTime{});
  machine.Rebase(MonoTime{});
  Handle(i, result, says);
}

void Model::Handle(uint8_t i, const handoff::Result& result, std::string* says) {
  for (const handoff::Action& action : result.actions) {
    if (const auto* start = std::get_if<handoff::SendStart>(&action)) {
      parties_[i].announced = true;
      Broadcast(i, {MessageKind::kStart, i, SlotOf(start->authorization.timestamp), 0}, says);
    } else if (const auto* stop = std::get_if<handoff::SendStop>(&action)) {
      Broadcast(i, {MessageKind::kStop, i, SlotOf(stop->authorization.timestamp), 0}, says);
    } else {
      const auto& change = std::get<handoff::Changed>(action);
      if (change.to == PublishState::kIdle || change.to == PublishState::kYielded)
        parties_[i].announced = false;
      Say(says, absl::StrCat(std::string(1, NameOf(i)), ": ", core::Name(change.from), " -> ",
                             core::Name(change.to), " (", core::Name(change.cause), ")"));
    }
  }
}

void Model::Handle(uint8_t i, const std::vector<ReferenceOutput>& outputs, std::string* says) {
  for (const ReferenceOutput& o : outputs) {
    const bool start = o.kind == ReferenceOutput::kSendStart;
    if (start) parties_[i].announced = true;
    Broadcast(i, {start ? MessageKind::kStart : MessageKind::kStop, i, o.slot, 0}, says);
  }
}

void Model::Broadcast(uint8_t from, const Message& m, std::string* says) {
  Say(says, absl::StrCat(std::string(1, NameOf(from)), ": sends ", Words(m)));
  for (uint8_t to = 0; to < n(); ++to) {
    if (to == from || !Connected(from, to)) continue;
    links_[from][to].push_back(m);
    links_[from][to].back().sent_in = slot_;
  }
}

// Flashblocks are the inbox's business: replays of them never get here.
void Model::Remember(Party& party, const Message& m) {
  if (config_.replays == 0 || m.kind == MessageKind::kFlashblock || m.slot >= kHeardSlots) return;
  party.heard |=
      uint64_t{1} << ((static_cast<unsigned>(m.kind) * kMaxParties + m.from) * kHeardSlots +
                      m.slot);
}

void Model::Receive(uint8_t i, const Message& m, std::string* says) {
  Party& p = parties_[i];
  Remember(p, m);
  if (m.kind == MessageKind::kFlashblock && config_.checks_i4()) {
    if (m.slot > p.flashblock_slot) {
      p.flashblock_slot = m.slot;
      p.next_index = 0;
    }
    if (m.slot == p.flashblock_slot && m.index == p.next_index) ++p.next_index;
  }
  if (auto* theirs = std::get_if<ReferenceMachine>(&p.machine)) {
    if (m.kind == MessageKind::kFlashblock) return theirs->OnFlashblock(m.from, m.slot);
    return Handle(i,
                  m.kind == MessageKind::kStart ? theirs->OnStart(m.from, m.slot)
                                                : theirs->OnStop(m.from, m.slot),
                  says);
  }
  const PublicKey key = KeyOf(m.from);
  const uint64_t slot = Timestamp(m.slot);
  switch (m.kind) {
    case MessageKind::kStart:
      return StepOurs(i, handoff::RivalStart{key, slot}, says);
    case MessageKind::kStop:
      return StepOurs(i, handoff::RivalStop{key, slot}, says);
    case MessageKind::kFlashblock:
      return StepOurs(i, handoff::RivalFlashblock{key, slot}, says);
  }
}

std::string Model::Publish(uint8_t i, std::string* says) {
  Party& p = parties_[i];
  const auto* ours = std::get_if<handoff::Machine>(&p.machine);
  const Slot slot = p.PublishingSlot();
  if (ours != nullptr && !ours->MayPublish().ok()) return "a publisher may not publish";
  if (!p.announced)
    return absl::StrCat("I1: ", std::string(1, NameOf(i)), " publishes without StartPublish");
  if (slot > p.flashblock_slot) {
    p.flashblock_slot = slot;
    p.next_index = 0;
  }
  const uint8_t index = config_.checks_i4() ? p.next_index++ : 0;
  std::string broken;
  if (slot == slot_ && !settling_) {
    // I4: the slot's sequence over all builders is 0, 1, 2 ... in the order of publishing.
    if (config_.checks_i4() && index != flashblocks_) {
      broken = absl::StrCat("I4: ", std::string(1, NameOf(i)), " publishes index ", index,
                            " where ", flashblocks_, " comes next");
    }
    ++flashblocks_;
  }
  if (auto* theirs = std::get_if<ReferenceMachine>(&p.machine)) {
    theirs->OnPublished(slot);
  } else {
    StepOurs(i, handoff::OwnFlashblock{}, says);
  }
  Broadcast(i, {MessageKind::kFlashblock, i, slot, index}, says);
  return broken;
}

std::string Model::Replay(uint8_t i, uint8_t bit, std::string* says) {
  Message m{};
  m.kind = static_cast<MessageKind>(bit / (kMaxParties * kHeardSlots));
  m.from = static_cast<Key>(bit / kHeardSlots % kMaxParties);
  m.slot = static_cast<Slot>(bit % kHeardSlots);
  if (says != nullptr) absl::StrAppend(says, ": ", Words(m));
  const auto* ours = std::get_if<handoff::Machine>(&parties_[i].machine);
  const std::optional<PublishState> before = ours ? std::optional(ours->state()) : std::nullopt;
  Receive(i, m, says);
  if (!before || *before == std::get<handoff::Machine>(parties_[i].machine).state()) return "";
  return absl::StrCat("I6: a replay moves ", std::string(1, NameOf(i)), " from ",
                      core::Name(*before));
}

void Model::Tick(std::string* says) {
  for (uint8_t i = 0; i < n(); ++i) {
    auto* ours = std::get_if<handoff::Machine>(&parties_[i].machine);
    if (ours == nullptr || !parties_[i].up) continue;
    ours->Rebase(MonoTime{kInterval.count()});
    const auto due = ours->NextDeadline();
    if (due && due->ns <= 0) StepOurs(i, handoff::Tick{}, says);
  }
}

bool Model::Overdue() const {
  for (const auto& row : links_) {
    for (const auto& link : row) {
      if (!link.empty() && link.front().sent_in < slot_) return true;
    }
  }
  return false;
}

void Model::NextSlot() {
  ++slot_;
  ticks_ = authorizations_ = flashblocks_ = 0;
}

void Model::ClearLinks(uint8_t i) {
  for (size_t j = 0; j < n(); ++j) {
    links_[i][j].clear();
    links_[j][i].clear();
  }
}

// -------------------------------------------------------------------------------------------------
// settling

bool Model::Quiet() const {
  for (const auto& row : links_) {
    for (const auto& link : row) {
      if (!link.empty()) return false;
    }
  }
  for (const Party& p : parties_) {
    const auto* ours = std::get_if<handoff::Machine>(&p.machine);
    if (p.up && ours != nullptr && ours->NextDeadline()) return false;
  }
  return true;
}

void Model::DeliverAll(std::string* says) {
  for (bool any = true; any;) {
    any = false;
    for (uint8_t i = 0; i < n(); ++i) {
      for (uint8_t j = 0; j < n(); ++j) {
        if (links_[i][j].empty()) continue;
        any = true;
        const Message m = links_[i][j].front();
        links_[i][j].erase(links_[i][j].begin());
        Say(says, absl::StrCat(std::string(1, NameOf(i)), " -> ", std::string(1, NameOf(j)), ": ",
                               Words(m)));
        Receive(j, m, says);
      }
    }
  }
}

std::string Model::Round(std::vector<std::string>* says, bool publish) {
  std::string words = "settling: time passes, everything is delivered";
  std::string* w = says != nullptr ? &words : nullptr;
  Tick(w);
  DeliverAll(w);
  std::string broken;
  for (uint8_t i = 0; i < n() && publish && broken.empty(); ++i) {
    if (parties_[i].Publishing()) broken = Publish(i, w);
  }
  DeliverAll(w);
  if (says != nullptr) says->push_back(words);
  return broken;
}

// Of the reference's kind one may be left behind in an older slot: it never yields to a newer
// slot's flashblocks.
std::string Model::OnePublisherAtMost() const {
  std::string who;
  Slot newest = 0;
  for (const Party& p : parties_) {
    if (p.Publishing()) newest = std::max(newest, p.PublishingSlot());
  }
  for (uint8_t i = 0; i < n(); ++i) {
    const bool behind = config_.parties[i] == 'R' && parties_[i].PublishingSlot() < newest;
    if (parties_[i].Publishing() && !behind) who += NameOf(i);
  }
  return who.size() <= 1
             ? ""
             : absl::StrCat("I3: ", who, " publish at once after everything was delivered");
}

std::string Model::Settle(std::optional<uint8_t> only, std::vector<std::string>* says) {
  settling_ = true;
  cut_ = {};
  for (uint8_t i = 0; i < n(); ++i) {
    if (!parties_[i].up) Apply({ActionKind::kRestart, i});
  }
  for (int r = 0; r < kSettleRounds; ++r) {
    if (std::string broken = Round(says, true); !broken.empty()) return broken;
  }
  if (!only) return OnePublisherAtMost();
  for (int s = 0; s < 2; ++s) {
    NextSlot();
    std::string words = absl::StrCat("settling: only ", std::string(1, NameOf(*only)),
                                     " is authorized in slot ", slot_);
    Authorize(*only, says != nullptr ? &words : nullptr);
    if (says != nullptr) says->push_back(words);
    for (int r = 0; r < kSettleRounds; ++r) {
      if (std::string broken = Round(says, true); !broken.empty()) return broken;
    }
  }
  if (!parties_[*only].Publishing()) {
    return absl::StrCat("I5: ", std::string(1, NameOf(*only)),
                        " alone is authorized in two slots and does not publish");
  }
  return OnePublisherAtMost();
}

// ----------------------------------------------------------------------------------------------
// fingerprint

namespace {

struct Seeded {
  uint64_t salt;
  const handoff::Machine& machine;
  template <typename H>
  friend H AbslHashValue(H h, const Seeded& s) {
    return H::combine(std::move(h), s.salt, s.machine);
  }
};

uint64_t Mix(uint64_t h, uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15 + (h << 6) + (h >> 2);
  h ^= h >> 29;
  return h * 0xbf58476d1ce4e5b9;
}

}  // namespace

std::array<uint64_t, 2> Model::Fingerprint() const {
  std::array<uint64_t, 2> out{0x243f6a8885a308d3, 0x13198a2e03707344};
  auto add = [&](uint64_t v) {
    out[0] = Mix(out[0], v);
    out[1] = Mix(out[1], ~v * 0x94d049bb133111eb);
  };
  for (const Party& p : parties_) {
    if (const auto* ours = std::get_if<handoff::Machine>(&p.machine)) {
      out[0] = Mix(out[0], absl::HashOf(Seeded{1, *ours}));
      out[1] = Mix(out[1], absl::HashOf(Seeded{2, *ours}));
    } else {
      add(std::get<ReferenceMachine>(p.machine).Fingerprint());
    }
    add(p.up | p.announced << 1 | p.authorized_in << 8 | p.flashblock_slot << 16 |
        p.next_index << 24);
    add(p.heard);
  }
  for (size_t i = 0; i < n(); ++i) {
    for (size_t j = 0; j < n(); ++j) {
      add(links_[i][j].size() << 8 | cut_[i][j]);
      for (const Message& m : links_[i][j]) {
        add(static_cast<uint64_t>(m.kind) | m.from << 8 | m.slot << 16 |
            static_cast<uint64_t>(m.index) << 24 | static_cast<uint64_t>(m.sent_in) << 32);
      }
    }
  }
  add(slot_ | ticks_ << 8 | authorizations_ << 16 | static_cast<uint64_t>(flashblocks_) << 24);
  add(crashes_ | stops_ << 8 | cuts_ << 16 | static_cast<uint64_t>(replays_) << 24 |
      static_cast<uint64_t>(revocations_) << 32);
  return out;
}

}  // namespace flblk::sim
