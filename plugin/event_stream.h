// One server-streaming call: a bounded queue of messages that others share, written one after the
// other. Internal to the gRPC services.
//
// Any thread may Push and End. At the bound the call ends with RESOURCE_EXHAUSTED: a subscriber
// that is too slow learns it instead of seeing a gap.
#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace flblk::plugin {

template <typename Message>
class EventStream final : public grpc::ServerWriteReactor<Message> {
 public:
  using MessagePtr = std::shared_ptr<const Message>;
  static constexpr size_t kMaxQueued = 1024;

  // The stream owns itself until gRPC is done with it; `on_done` then drops the last reference of
  // its owner.
  static std::shared_ptr<EventStream> Open(std::function<void(EventStream*)> on_done) {
    auto stream = std::shared_ptr<EventStream>(new EventStream(std::move(on_done)));
    stream->self_ = stream;
    return stream;
  }

  void Push(MessagePtr message) {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    if (queue_.size() >= kMaxQueued) {
      End(grpc::Status(
              grpc::StatusCode::RESOURCE_EXHAUSTED,
              "subscriber queue: " + std::to_string(kMaxQueued) + " messages behind, the limit"),
          true);
      return;
    }
    queue_.push_back(std::move(message));
    Pump();
  }

  // What is queued is written first.
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    End(status, false);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    queue_.pop_front();
    if (!ok) End(grpc::Status::CANCELLED, true);
    Pump();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    End(grpc::Status::CANCELLED, true);
  }

  void OnDone() override {
    on_done_(this);
    self_.reset();  // the last reference, unless a pusher holds one
  }

 private:
  explicit EventStream(std::function<void(EventStream*)> on_done) : on_done_(std::move(on_done)) {}

  void End(const grpc::Status& status, bool drop) {
    if (!end_) end_ = status;
    if (drop && queue_.size() > (writing_ ? 1u : 0u)) {
      queue_.erase(queue_.begin() + (writing_ ? 1 : 0), queue_.end());
    }
    Pump();
  }

  void Pump() {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      writing_ = true;
      this->StartWrite(queue_.front().get());
    } else if (end_) {
      finished_ = true;
      this->Finish(*end_);
    }
  }

  std::function<void(EventStream*)> on_done_;
  std::shared_ptr<EventStream> self_;
  std::mutex mutex_;
  std::deque<MessagePtr> queue_;  // front: being written where writing_
  bool writing_ = false, finished_ = false;
  std::optional<grpc::Status> end_;
};

// The open calls of one method. A stream is told of events only once it has joined, so that whoever
// joins it can first give it what happened before.
template <typename Message>
class EventStreams {
 public:
  using Stream = EventStream<Message>;
  using StreamPtr = std::shared_ptr<Stream>;

  StreamPtr Open() {
    auto stream = Stream::Open([this](Stream* gone) { Remove(gone); });
    const std::lock_guard lock(mutex_);
    open_.push_back({stream, false});
    if (closed_) stream->End(*closed_);
    return stream;
  }

  void Join(const StreamPtr& stream) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : open_) {
      if (entry.stream == stream) entry.joined = true;
    }
  }

  std::vector<StreamPtr> Joined() const {
    const std::lock_guard lock(mutex_);
    std::vector<StreamPtr> joined;
    for (const Entry& entry : open_) {
      if (entry.joined) joined.push_back(entry.stream);
    }
    return joined;
  }

  // Ends all, and each that is still to come.
  void Close(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    closed_ = status;
    for (const Entry& entry : open_) entry.stream->End(status);
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }

 private:
  struct Entry {
    StreamPtr stream;
    bool joined = false;
  };

  void Remove(Stream* gone) {
    StreamPtr keep;  // dropped outside of the lock
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(open_.begin(), open_.end(),
                                 [&](const Entry& e) { return e.stream.get() == gone; });
    if (it == open_.end()) return;
    keep = std::move(it->stream);
    open_.erase(it);
  }

  mutable std::mutex mutex_;
  std::vector<Entry> open_;
  std::optional<grpc::Status> closed_;
};

}  // namespace flblk::plugin
