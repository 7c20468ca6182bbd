// A gossip machine on a virtual clock, and what it sent in words; shared by the gossip tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "p2p/core/gossip.h"

namespace flblk::core {

class GossipTest : public ::testing::Test {
 protected:
  explicit GossipTest(GossipConfig config = {.max_send_peers = 2, .max_receive_peers = 2})
      : gossip_(config, now_) {}

  Peer& Connect(SessionId session, bool trusted = false, uint8_t version = 2) {
    NodeId id{};
    id[0] = static_cast<uint8_t>(session % 100);  // 100 sessions apart: the same node
    return gossip_.Connect({session, id, version, trusted}, now_, out_);
  }
  // What was sent since the last look: "session:message".
  std::vector<std::string> Sent() {
    static const char* kNames[] = {"?", "request", "accept", "reject", "cancel"};
    std::vector<std::string> sent;
    for (const Action& action : std::exchange(out_, {})) {
      if (const auto* send = std::get_if<Send>(&action)) {
        sent.push_back(std::to_string(send->to.at(0)) + ":" +
                       kNames[static_cast<int>(send->frame->id)]);
      } else if (const auto* penalty = std::get_if<Penalise>(&action)) {
        sent.push_back(std::to_string(penalty->session) + ":" + Name(penalty->offence));
      } else if (const auto* drop = std::get_if<Drop>(&action)) {
        sent.push_back(std::to_string(drop->session) + ":drop");
      } else if (const auto* renew = std::get_if<Renew>(&action)) {
        sent.push_back(std::to_string(renew->session) + ":renew");
      }
    }
    return sent;
  }
  bool Control(SessionId session, wire::MessageId id) {
    return gossip_.OnControl(*gossip_.Find(session), id, now_, out_);
  }
  bool Welcome(SessionId session) { return gossip_.Welcome(*gossip_.Find(session), now_, out_); }
  // Rings every timer on the way.
  void Wait(Duration d) {
    const MonoTime end = now_ + d;
    for (auto t = gossip_.NextDeadline(); t && *t <= end; t = gossip_.NextDeadline()) {
      ASSERT_GE(*t, now_) << "a deadline in the past stays";
      now_ = *t;
      gossip_.OnTimer(now_, out_);
      ASSERT_GT(*gossip_.NextDeadline(), now_) << "the timer made no progress";
    }
    now_ = end;
  }
  // The same while somebody publishes.
  void WaitAlive(Duration d) {
    for (Duration past{}; past < d; past += std::chrono::seconds(1)) {
      gossip_.NoteOwn(now_);
      Wait(std::min<Duration>(std::chrono::seconds(1), d - past));
    }
  }
  Feed FeedOf(SessionId session) { return gossip_.Find(session)->feed; }

  MonoTime now_{1'000'000'000};
  Gossip gossip_;
  std::vector<Action> out_;
};

}  // namespace flblk::core
