#include "tests/sim/machine_table.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace flblk::core::handoff {

// The inside of the machine, for the search alone.
struct SearchAccess {
  static uint32_t UsedSlots(const Machine& m) {
    uint32_t used = 0;
    auto add = [&](uint64_t timestamp) { used |= 1u << sim::SlotOf(timestamp); };
    add(m.authorization_.timestamp);
    add(m.signed_slot_);
    add(m.newest_slot_);
    for (const Rival& r : m.rivals_.all()) add(r.slot);
    return used & ~1u;
  }

  static void Renumber(Machine& m, const sim::SlotMap& map) {
    auto change = [&](uint64_t& timestamp) {
      timestamp = sim::Timestamp(map[sim::SlotOf(timestamp)]);
    };
    change(m.authorization_.timestamp);
    m.authorization_.payload_id[7] = sim::SlotOf(m.authorization_.timestamp);
    change(m.signed_slot_);
    change(m.newest_slot_);
    for (size_t i = 0; i < m.rivals_.size_; ++i) change(m.rivals_.rivals_[i].slot);
  }

  // Forgets what no future step looks at, so that machines that behave alike are one:
  //   - to whom it yielded is only reported;
  //   - Yielded for a slot that is over is Idle: neither resumes, both start anew;
  //   - marks that Announce and Clear set before anyone reads them;
  //   - a last sign of life two slots back is as good as none;
  //   - of two points in time of which only the later is asked for, the earlier.
  static void Canonical(Machine& m) {
    m.yielded_to_ = {};
    if (m.state_ == PublishState::kYielded && m.newest_slot_ > m.authorization_.timestamp) {
      m.state_ = PublishState::kIdle;
      m.authorization_ = {};
    }
    const bool publishing = m.state_ == PublishState::kPublishing;
    const bool active = publishing || m.state_ == PublishState::kWaiting;
    const uint64_t current = sim::Timestamp(sim::kCurrent);
    const bool old = m.signed_slot_ + 2 * sim::kBlockSeconds <= current;
    if (active ? old : m.signed_slot_ != current) m.signed_slot_ = 0;
    if (!publishing) m.reminded_ = false;
    if (active && !publishing) m.started_at_ = m.last_sign_ = std::max(m.started_at_, m.last_sign_);
  }
};

}  // namespace flblk::core::handoff

namespace flblk::sim {
namespace {

using core::PublishState;
namespace handoff = core::handoff;
using handoff::SearchAccess;

constexpr size_t kInputs = Input::kStart + 3 * kMaxParties * kSlots;

size_t Code(const Input& input) {
  if (input.kind < Input::kStart) return input.kind;
  const size_t received = input.kind - Input::kStart;
  return Input::kStart + (received * kMaxParties + input.from) * kSlots + input.slot;
}

handoff::Event EventOf(uint8_t party, const Input& input) {
  const PublicKey key = KeyOf(input.from);
  const uint64_t slot = Timestamp(input.slot);
  switch (input.kind) {
    case Input::kRevoked:
      return handoff::NotAuthorized{};
    case Input::kHostStopped:
      return handoff::HostStopped{};
    case Input::kPublished:
      return handoff::OwnFlashblock{};
    case Input::kInterval:
      return handoff::Tick{};
    case Input::kAuthorized:
      return handoff::Authorized{AuthorizationFor(party, kCurrent)};
    case Input::kStart:
      return handoff::RivalStart{key, slot};
    case Input::kStop:
      return handoff::RivalStop{key, slot};
    case Input::kFlashblock:
      return handoff::RivalFlashblock{key, slot};
  }
  return handoff::Tick{};
}

// Steps `machine`; what it said.
handoff::Result StepOurs(uint8_t party, handoff::Machine& machine, const Input& input) {
  if (input.kind == Input::kInterval) {
    machine.Rebase(MonoTime{kInterval.count()});
    const auto due = machine.NextDeadline();
    if (!due || due->ns > 0) return {};
  }
  return machine.Step(EventOf(party, input), MonoTime{});
}

}  // namespace

MachineTable::MachineTable(const TableConfig& config)
    : config_(config), ids_(1024, Hash{this}, Equal{this}) {
  for (uint8_t i = 0; i < config.parties.size(); ++i) {
    if (config.parties[i] == 'R') {
      fresh_.push_back(Intern(i, ReferenceMachine(i)));
      continue;
    }
    handoff::Config c;
    c.self = KeyOf(i);
    c.flashblock_interval = kInterval;
    c.block_seconds = kBlockSeconds;
    if (config.takeover) c.takeover_after = 2 * kInterval;
    fresh_.push_back(Intern(i, handoff::Machine(c, MonoTime{})));
  }
}

size_t MachineTable::Hash::operator()(uint32_t id) const {
  const Any& any = table->records_[id].machine;
  if (const auto* ours = std::get_if<handoff::Machine>(&any)) return absl::HashOf(*ours);
  return absl::HashOf(std::get<ReferenceMachine>(any).Fingerprint(), table->records_[id].party);
}

uint32_t MachineTable::Intern(uint8_t party, Any any) {
  Record r;
  r.machine = std::move(any);
  r.party = party;
  if (auto* ours = std::get_if<handoff::Machine>(&r.machine)) {
    ours->Rebase(MonoTime{});
    if (config_.canonical) SearchAccess::Canonical(*ours);
    r.publishing = ours->state() == PublishState::kPublishing;
    r.slot = SlotOf(ours->authorization().timestamp);
    r.may_publish = ours->MayPublish().ok();
    r.timer_pending = ours->NextDeadline().has_value();
    r.used_slots = SearchAccess::UsedSlots(*ours);
  } else {
    const auto& theirs = std::get<ReferenceMachine>(r.machine);
    r.publishing = r.may_publish = theirs.state() == ReferenceMachine::State::kPublishing;
    r.slot = theirs.authorized();
    r.used_slots = theirs.UsedSlots();
  }
  records_.push_back(std::move(r));
  const auto [at, fresh] = ids_.insert(static_cast<uint32_t>(records_.size() - 1));
  if (!fresh) records_.pop_back();
  return *at;
}

const Outcome& MachineTable::Step(uint32_t id, const Input& input) {
  std::vector<uint32_t>& steps = records_[id].steps;
  if (steps.empty()) steps.resize(kInputs);
  uint32_t& number = steps[Code(input)];
  if (number != 0) return outcomes_[number - 1];
  const uint8_t party = records_[id].party;
  const Outcome out =
      std::visit([&](const auto& m) { return Run(party, m, input); }, records_[id].machine);
  outcomes_.push_back(out);
  number = static_cast<uint32_t>(outcomes_.size());
  return outcomes_.back();
}

Outcome MachineTable::Run(uint8_t party, handoff::Machine machine, const Input& input) {
  Outcome out;
  for (const handoff::Action& action : StepOurs(party, machine, input).actions) {
    if (const auto* start = std::get_if<handoff::SendStart>(&action)) {
      out.sent[out.sends++] = {MessageKind::kStart, SlotOf(start->authorization.timestamp)};
      out.announced = 1;
    } else if (const auto* stop = std::get_if<handoff::SendStop>(&action)) {
      out.sent[out.sends++] = {MessageKind::kStop, SlotOf(stop->authorization.timestamp)};
    } else {
      const auto& change = std::get<handoff::Changed>(action);
      out.moved |= change.from != change.to;
      if (change.to == PublishState::kIdle || change.to == PublishState::kYielded)
        out.announced = -1;
    }
  }
  out.next = Intern(party, std::move(machine));
  return out;
}

Outcome MachineTable::Run(uint8_t party, ReferenceMachine machine, const Input& input) {
  Outcome out;
  const ReferenceMachine::State before = machine.state();
  for (const ReferenceOutput& o : machine.Step(input)) {
    const bool start = o.kind == ReferenceOutput::kSendStart;
    out.sent[out.sends++] = {start ? MessageKind::kStart : MessageKind::kStop, o.slot};
    if (start) out.announced = 1;
  }
  out.moved = machine.state() != before;
  out.next = Intern(party, std::move(machine));
  return out;
}

uint32_t MachineTable::Renumber(uint32_t id, const SlotMap& map) {
  uint64_t code = 0;
  for (size_t i = 1; i < map.size(); ++i) code |= static_cast<uint64_t>(map[i]) << (4 * i);
  const auto known = renumbered_.find({id, code});
  if (known != renumbered_.end()) return known->second;
  Any any = records_[id].machine;
  if (auto* ours = std::get_if<handoff::Machine>(&any)) {
    SearchAccess::Renumber(*ours, map);
  } else {
    std::get<ReferenceMachine>(any).Renumber(map);
  }
  const uint32_t to = Intern(records_[id].party, std::move(any));
  renumbered_[{id, code}] = to;
  return to;
}

std::string MachineTable::Explain(uint32_t id, const Input& input) const {
  const auto* ours = std::get_if<handoff::Machine>(&records_[id].machine);
  if (ours == nullptr) return "";
  handoff::Machine machine = *ours;
  std::string text;
  for (const handoff::Action& action : StepOurs(records_[id].party, machine, input).actions) {
    const auto* change = std::get_if<handoff::Changed>(&action);
    if (change == nullptr) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", core::Name(change->from), " -> ",
                    core::Name(change->to), " (", core::Name(change->cause), ")");
  }
  return text;
}

const char* MachineTable::state_name(uint32_t id) const {
  if (const auto* ours = std::get_if<handoff::Machine>(&records_[id].machine))
    return core::Name(ours->state());
  return publishing(id) ? "publishing" : "not publishing";
}

size_t MachineTable::count(uint8_t party) const {
  return std::ranges::count_if(records_, [party](const Record& r) { return r.party == party; });
}

}  // namespace flblk::sim
