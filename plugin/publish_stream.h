// One Publish call: deltas in, one answer for each in their order out. Internal to the builder
// service.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "flblk/v1/builder.pb.h"
#include "plugin/host.h"

namespace flblk::plugin {

class PublishStream final
    : public grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse> {
 public:
  // Deltas read ahead of their answers; beyond it the stream is not read (back pressure).
  static constexpr size_t kMaxPending = 64;

  struct Callbacks {
    // A delta of this stream went out. Never after `done`; must not block.
    std::function<void(PublishStream*)> accepted;
    std::function<void(PublishStream*, bool broken)> done;  // broken: cancelled or connection lost
    std::function<void(bool broken)> accepted_late;         // a delta went out, but behind `done`
  };
  static std::shared_ptr<PublishStream> Open(Host* host, Callbacks callbacks);

  // Answers what is pending and ends the call.
  void End(const grpc::Status& status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Slot {
    v1::PublishResponse response;
    bool ready = false;
  };

  PublishStream(Host* host, Callbacks callbacks) : host_(host), callbacks_(std::move(callbacks)) {}
  void Read();
  void Take();
  void TellAccepted();
  void Answer(const std::shared_ptr<Slot>& slot, const Verdict& verdict);
  void Pump();

  Host* host_;
  Callbacks callbacks_;
  std::shared_ptr<PublishStream> self_;
  v1::PublishRequest request_;  // being read
  std::mutex mutex_;
  std::deque<std::shared_ptr<Slot>> pending_;  // front: being written where writing_
  bool reading_ = false, writing_ = false, finished_ = false, broken_ = false, done_ = false;
  std::optional<grpc::Status> end_;  // no further read
};

}  // namespace flblk::plugin
