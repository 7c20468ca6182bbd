// Host events and the hand-off: what the engine does for its builder.
#include <utility>

#include "absl/strings/str_cat.h"
#include "p2p/core/engine_state.h"
#include "p2p/core/host_checks.h"

namespace flblk::core {
namespace {

absl::Status NoBuilderKey() {
  return absl::FailedPreconditionError("no builder key is configured: this node relays only");
}

}  // namespace

absl::Status Engine::State::On(const ForkchoiceUpdated& e) {
  if (!machine) return e.authorization ? NoBuilderKey() : absl::OkStatus();
  absl::Status valid = CheckForkchoice(e, *config.builder, *ports.verifier,
                                       static_cast<uint64_t>(now.unix_seconds()));
  if (!valid.ok()) return valid;
  if (!e.attributes) return Drive(handoff::BareForkchoice{});
  if (!e.authorization) return Drive(handoff::NotAuthorized{});
  absl::Status authorized = Drive(handoff::Authorized{*e.authorization});
  if (!authorized.ok()) return authorized;
  block_number = e.attributes->block_number;
  freshness.Vouch(e.authorization->timestamp);
  return authorized;
}

absl::Status Engine::State::On(const PayloadSealed& e) {
  if (!machine) return NoBuilderKey();
  ReleaseAll();  // what was published before the seal and is still held for the standbys
  return Drive(handoff::Sealed{e.payload_id});
}

absl::Status Engine::State::On(StopPublishing& e) {
  if (!machine) return absl::OkStatus();
  const size_t mark = out.size();
  absl::Status stopped = Drive(handoff::HostStopped{});
  for (size_t i = mark; i < out.size(); ++i) {
    if (auto* change = std::get_if<PublishingChanged>(&out[i])) change->reason = e.reason;
  }
  return stopped;
}

absl::Status Engine::State::On(PublishFlashblock& e) {
  if (!machine) return NoBuilderKey();
  absl::Status cleared = machine->MayPublish();
  if (!cleared.ok()) return cleared;
  const Authorization authorization = machine->authorization();
  const Inbox::Resume resume = inbox.ResumePoint(authorization);
  if (!resume.possible) {
    return absl::FailedPreconditionError(absl::StrCat(
        "payload ", ToHex(authorization.payload_id), " of slot ", authorization.timestamp,
        " has no place any more: flashblocks of payload ", ToHex(inbox.payload_id()), " of slot ",
        inbox.slot(), " are out, and every peer keeps to the first"));
  }
  absl::Status valid =
      CheckHostFlashblock(e.flashblock, authorization, resume.next_index, block_number);
  if (!valid.ok()) return valid;
  absl::StatusOr<FlashblockDelivered> signed_one = publisher.Sign(
      std::move(e.flashblock), authorization, now, {*ports.signer, Claims(), *ports.compressor});
  if (!signed_one.ok()) return signed_one.status();
  ++stats.flashblocks_own;
  freshness.Raise(authorization.timestamp, now.unix_seconds());
  gossip.NoteOwn(now.mono);
  SeenFrame& seen = frames.Insert({authorization.builder_vk, authorization.timestamp,
                                   authorization.payload_id, signed_one->flashblock->index},
                                  signed_one->actor_sig, now.mono);
  seen.accepted = true;
  SendOwn(*std::move(signed_one), seen);
  return Drive(handoff::OwnFlashblock{});
}

// ---- hand-off

absl::Status Engine::State::Drive(const handoff::Event& event) {
  const bool authorized = std::holds_alternative<handoff::Authorized>(event);
  std::optional<handoff::Machine> before;
  if (authorized) before = machine;
  const handoff::Result result = machine->Step(event, now.mono);
  if (!result.status.ok()) return result.status;
  // Behind our flashblocks: a StopPublish, and a word about how far the block is.
  const bool same_block = machine->authorization().timestamp == inbox.slot();
  if (machine->state() != PublishState::kPublishing || (same_block && !result.actions.empty())) {
    ReleaseAll();
  }
  const size_t mark = out.size();
  absl::Status applied = Apply(result);
  if (applied.ok()) return applied;
  // The key cannot be reached. Without our StartPublish on its way we must not be cleared.
  if (authorized) {
    machine = before;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(mark), out.end());
    return applied;
  }
  if (machine->state() == PublishState::kPublishing) {
    for (const handoff::Action& action : machine->Step(handoff::HostStopped{}, now.mono).actions) {
      if (const auto* change = std::get_if<handoff::Changed>(&action)) Emit(*change);
    }
  }
  return applied;
}

absl::Status Engine::State::Apply(const handoff::Result& result) {
  absl::Status status;
  for (const handoff::Action& action : result.actions) {
    if (const auto* change = std::get_if<handoff::Changed>(&action)) {
      Emit(*change);
      continue;
    }
    const auto* start = std::get_if<handoff::SendStart>(&action);
    const Authorization& authorization =
        start != nullptr ? start->authorization : std::get<handoff::SendStop>(action).authorization;
    const auto kind =
        start != nullptr ? wire::MessageKind::kStartPublish : wire::MessageKind::kStopPublish;
    absl::StatusOr<wire::FramePtr> frame =
        SignMarker(kind, authorization, *ports.signer, *ports.compressor);
    if (frame.ok()) {
      SendToAll(*std::move(frame), std::nullopt);
    } else {
      status = frame.status();
    }
  }
  return status;
}

void Engine::State::Emit(const handoff::Changed& change) {
  PublishingChanged event;
  event.from = change.from;
  event.to = change.to;
  event.cause = change.cause;
  event.rival = change.rival;
  event.in_previous_state = change.in_previous_state;
  if (change.to == PublishState::kWaiting || change.to == PublishState::kPublishing) {
    event.authorization = machine->authorization();
  }
  if (change.to == PublishState::kPublishing) {
    const Inbox::Resume resume = inbox.ResumePoint(machine->authorization());
    event.next_index = resume.next_index;
    event.missing = resume.missing;
  }
  out.push_back(std::move(event));
}

// A peer that connects now has not heard our StartPublish: a builder on the far side of a healed
// partition would go on beside us.
void Engine::State::GreetAsBuilder(const Peer& peer) {
  if (!machine) return;
  const PublishState state = machine->state();
  if (state != PublishState::kWaiting && state != PublishState::kPublishing) return;
  const Authorization& a = machine->authorization();
  if (a.timestamp < machine->newest_slot() || a.timestamp < freshness.newest()) return;
  absl::StatusOr<wire::FramePtr> frame =
      SignMarker(wire::MessageKind::kStartPublish, a, *ports.signer, *ports.compressor);
  if (frame.ok()) out.push_back(Send{*std::move(frame), SendClass::kControl, 0, {peer.session}});
}

}  // namespace flblk::core
