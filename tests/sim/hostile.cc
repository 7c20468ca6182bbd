#include "tests/sim/hostile.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace flblk::sim {
namespace {

constexpr size_t kRemembered = 128;   // of each kind: more than a schedule has
constexpr size_t kMarkerBytes = 250;  // a flashblock is larger by its bloom alone

// Every frame is one object in the whole simulation, whoever passes it on.
bool Remember(std::vector<wire::FramePtr>& memory, const wire::FramePtr& frame) {
  if (memory.size() >= kRemembered || std::ranges::find(memory, frame) != memory.end())
    return false;
  memory.push_back(frame);
  return true;
}

wire::FramePtr WithBody(Bytes body) {
  return std::make_shared<const wire::Frame>(
      wire::Frame{wire::MessageId::kAuthorized, std::move(body), {0}});
}

wire::FramePtr FlippedSignature(const wire::Frame& frame) {
  Bytes body = frame.body;
  body.back() ^= 0x01;  // of the actor's signature
  return WithBody(std::move(body));
}

wire::FramePtr CutShort(const wire::Frame& frame, size_t by) {
  return WithBody(Bytes(frame.body.begin(), frame.body.end() - static_cast<std::ptrdiff_t>(by)));
}

}  // namespace

Hostile::Hostile(uint64_t seed)
    : random_(seed),
      feeds_(static_cast<Feeds>(random_.Below(4))),
      damages_(random_.Chance(30)),
      floods_(random_.Chance(15)),
      pushes_(random_.Chance(20)) {
  for (auto id : {wire::MessageId::kRequestFlashblocks, wire::MessageId::kAcceptFlashblocks,
                  wire::MessageId::kRejectFlashblocks, wire::MessageId::kCancelFlashblocks}) {
    controls_.push_back(std::make_shared<const wire::Frame>(wire::Frame{id, {}, {0}}));
  }
}

std::string Hostile::habits() const {
  static const char* kFeeds[] = {"nobody", "some", "late", "all"};
  return absl::StrCat("feeds ", kFeeds[static_cast<int>(feeds_)], damages_ ? ", damages" : "",
                      floods_ ? ", floods" : "", pushes_ ? ", pushes" : "");
}

core::SessionId Hostile::AnyPeer() {
  auto at = peers_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.Below(peers_.size())));
  return at->first;
}

// ---- what it hears

std::vector<Said> Hostile::Connected(core::SessionId session) {
  peers_[session] = {};
  return {{session, controls_[0]}};  // to hear flashblocks
}

std::vector<Said> Hostile::Heard(core::SessionId from, const wire::FramePtr& frame) {
  if (!peers_.contains(from)) return {};
  if (frame->id != wire::MessageId::kAuthorized) return OnControl(from, frame->id);
  return frame->body.size() < kMarkerBytes ? OnMarker(from, frame) : OnFlashblock(from, frame);
}

std::vector<Said> Hostile::OnControl(core::SessionId from, wire::MessageId id) {
  PeerState& peer = peers_[from];
  if (id == wire::MessageId::kCancelFlashblocks) peer.wants = false;
  if (id != wire::MessageId::kRequestFlashblocks) return {};
  peer.wants = true;
  if (random_.Chance(10)) return {};  // no answer at all
  return {{from, controls_[1]}};
}

// A StartPublish that comes fast makes its bearer a feed.
std::vector<Said> Hostile::OnMarker(core::SessionId from, const wire::FramePtr& frame) {
  std::vector<Said> out;
  if (!Remember(markers_, frame)) return out;
  for (const auto& [session, peer] : peers_) {
    if (session == from || random_.Chance(20)) continue;
    if (damages_ && random_.Chance(20)) out.push_back({session, FlippedSignature(*frame)});
    out.push_back({session, frame});
    if (random_.Chance(5)) out.push_back({session, frame});
  }
  return out;
}

std::vector<Said> Hostile::OnFlashblock(core::SessionId from, const wire::FramePtr& frame) {
  std::vector<Said> out;
  if (!Remember(flashblocks_, frame)) return out;
  if (feeds_ == Feeds::kLate) held_back_.push_back(frame);
  if (feeds_ == Feeds::kNobody || feeds_ == Feeds::kLate) return out;
  for (const auto& [session, peer] : peers_) {
    if (!peer.wants || session == from) continue;
    if (damages_ && random_.Chance(10)) out.push_back({session, FlippedSignature(*frame)});
    if (feeds_ == Feeds::kAll || random_.Chance(50)) out.push_back({session, frame});
  }
  return out;
}

// ---- what it does unasked

std::vector<Said> Hostile::Act() {
  std::vector<Said> out;
  last_act_ = "";
  if (peers_.empty()) return out;
  if (!held_back_.empty() && random_.Chance(60)) {
    SendHeldBack(out);
    return out;
  }
  const uint64_t dice = random_.Below(100);
  if (dice < 30) {
    ReplayMarkers(out);
  } else if (dice < 60) {
    ReplayFlashblocks(out);
  } else if (dice < 70) {
    OneControl(out);
  } else if (dice < 85 && floods_) {
    ManyControls(out);
  } else if (damages_) {
    Damaged(out);
  }
  return out;
}

void Hostile::ReplayMarkers(std::vector<Said>& out) {
  if (markers_.empty()) return;
  last_act_ = "replays Start and Stop";
  for (uint64_t n = 1 + random_.Below(3); n > 0; --n) {
    const wire::FramePtr& frame = Any(markers_);
    for (const auto& [session, peer] : peers_) {
      if (random_.Chance(70)) out.push_back({session, frame});
    }
  }
}

void Hostile::ReplayFlashblocks(std::vector<Said>& out) {
  if (flashblocks_.empty()) return;
  last_act_ = "replays flashblocks";
  for (uint64_t n = 1 + random_.Below(6); n > 0; --n) {
    const wire::FramePtr& frame = Any(flashblocks_);
    for (const auto& [session, peer] : peers_) {
      if (peer.wants || pushes_) out.push_back({session, frame});
    }
  }
}

// The newest first, and one of them never.
void Hostile::SendHeldBack(std::vector<Said>& out) {
  last_act_ = "sends what it held back, backwards";
  if (held_back_.size() > 1 && random_.Chance(50)) held_back_.erase(held_back_.begin());
  for (; !held_back_.empty(); held_back_.pop_back()) {
    for (const auto& [session, peer] : peers_) {
      if (peer.wants) out.push_back({session, held_back_.back()});
    }
  }
}

void Hostile::OneControl(std::vector<Said>& out) {
  last_act_ = "sends a control message out of turn";
  const wire::FramePtr frame = Control();
  out.push_back({AnyPeer(), frame});
}

void Hostile::ManyControls(std::vector<Said>& out) {
  last_act_ = "floods with control messages";
  const core::SessionId to = AnyPeer();
  for (uint32_t n = 0; n < kProof / kOneOfTooMany; ++n) {
    const bool request = random_.Chance(50);
    out.push_back({to, controls_[request ? 0 : 3], kOneOfTooMany});
  }
}

void Hostile::Damaged(std::vector<Said>& out) {
  if (flashblocks_.empty()) return;
  last_act_ = "sends damaged frames";
  const core::SessionId to = AnyPeer();
  for (uint32_t n = 0; n < kProof / kDamaged; ++n) {
    const wire::Frame& frame = *(n % 2 == 0 || markers_.empty() ? flashblocks_ : markers_).back();
    out.push_back({to, CutShort(frame, 1 + random_.Below(frame.body.size() - 1)), kDamaged});
  }
  // Before the one that verifies: whoever took it for known would not hear that any more.
  if (!markers_.empty()) out.push_back({to, FlippedSignature(*markers_.back())});
}

}  // namespace flblk::sim
