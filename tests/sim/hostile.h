// A node that belongs to the network like others, without one of its keys: it hears what its peers
// tell it, and says to them what it likes. It signs nothing that verifies; everything else that can
// go through a session it may do: keep frames back, send them late, often, in another order, to
// some only, damaged, or without having been asked.
//
// What one does follows from its seed. About half of them never send anything that an honest node
// could not have sent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "p2p/core/events.h"
#include "tests/sim/schedule.h"

namespace flblk::sim {

// How much a frame proves against its sender: a session that took kProof of it must have been ended
// (eight damaged frames, or forty control messages, within moments).
inline constexpr uint32_t kProof = 40;
inline constexpr uint32_t kDamaged = 5, kOneOfTooMany = 1;

struct Said {
  core::SessionId to = 0;
  wire::FramePtr frame;
  uint32_t proves = 0;
};

class Hostile {
 public:
  explicit Hostile(uint64_t seed);

  // Each returns what it says.
  std::vector<Said> Connected(core::SessionId session);
  std::vector<Said> Heard(core::SessionId from, const wire::FramePtr& frame);
  std::vector<Said> Act();  // unasked, every Rest()
  void Gone(core::SessionId session) { peers_.erase(session); }
  Duration Rest() { return std::chrono::milliseconds(random_.Between(50, 500)); }
  // Its habits, and its last act, in words.
  std::string habits() const;
  const char* last_act() const { return last_act_; }

 private:
  // With the flashblocks of others.
  enum class Feeds : uint8_t { kNobody, kSome, kLate, kAll };
  struct PeerState {
    bool wants = false;  // it asked for flashblocks
  };

  std::vector<Said> OnControl(core::SessionId from, wire::MessageId id);
  std::vector<Said> OnMarker(core::SessionId from, const wire::FramePtr& frame);
  std::vector<Said> OnFlashblock(core::SessionId from, const wire::FramePtr& frame);
  void ReplayMarkers(std::vector<Said>& out);
  void ReplayFlashblocks(std::vector<Said>& out);
  void SendHeldBack(std::vector<Said>& out);
  void OneControl(std::vector<Said>& out);
  void ManyControls(std::vector<Said>& out);
  void Damaged(std::vector<Said>& out);
  wire::FramePtr Control() { return controls_[random_.Below(controls_.size())]; }
  core::SessionId AnyPeer();
  template <typename T>
  const T& Any(const std::vector<T>& of) {
    return of[random_.Below(of.size())];
  }

  Random random_;
  Feeds feeds_;
  bool damages_, floods_, pushes_;  // pushes: flashblocks to who did not ask
  std::map<core::SessionId, PeerState> peers_;
  std::vector<wire::FramePtr> markers_, flashblocks_;  // heard so far, each once
  std::vector<wire::FramePtr> held_back_;
  std::vector<wire::FramePtr> controls_;
  const char* last_act_ = "";
};

}  // namespace flblk::sim
