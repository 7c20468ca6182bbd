#include "plugin/publish_stream.h"

#include "plugin/convert.h"
#include "plugin/utf8.h"

namespace flblk::plugin {

std::shared_ptr<PublishStream> PublishStream::Open(Host* host, Callbacks callbacks) {
  auto stream = std::shared_ptr<PublishStream>(new PublishStream(host, std::move(callbacks)));
  stream->self_ = stream;
  const std::lock_guard lock(stream->mutex_);
  stream->Read();
  return stream;
}

void PublishStream::Read() {
  if (reading_ || end_ || pending_.size() >= kMaxPending) return;
  reading_ = true;
  StartRead(&request_);
}

void PublishStream::OnReadDone(bool ok) {
  if (ok) Take();
  const std::lock_guard lock(mutex_);
  reading_ = false;
  if (!ok && !end_) end_ = grpc::Status::OK;
  Read();
  Pump();
}

// Hands the request just read to the node. The slot keeps the answer's place.
void PublishStream::Take() {
  auto slot = std::make_shared<Slot>();
  slot->response.set_sequence(request_.sequence());
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back(slot);
  }
  auto flashblock = FromProto(request_, UnixNow());
  const auto answer = [self = self_, slot](const Verdict& verdict) { self->Answer(slot, verdict); };
  if (flashblock.ok()) {
    host_->Publish(*std::move(flashblock), answer);
    return;
  }
  const uint64_t index = request_.has_flashblock() ? request_.flashblock().index() : 0;
  answer(Verdict{
      .status = flashblock.status(), .index = index, .next_index = host_->view().next_index});
}

// The call may have ended since the delta came in.
void PublishStream::TellAccepted() {
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return callbacks_.accepted(this);
  }
  callbacks_.accepted_late(broken_);
}

void PublishStream::Answer(const std::shared_ptr<Slot>& slot, const Verdict& verdict) {
  if (verdict.status.ok()) TellAccepted();
  v1::PublishResponse& response = slot->response;
  response.set_code(static_cast<uint32_t>(verdict.status.code()));
  const auto message = verdict.status.message();
  response.set_message(ToUtf8(std::string_view(message.data(), message.size())));
  if (verdict.payload_id != PayloadId{}) {
    response.set_payload_id(std::string(verdict.payload_id.begin(), verdict.payload_id.end()));
  }
  response.set_index(verdict.index);
  response.set_next_index(verdict.next_index);
  const std::lock_guard lock(mutex_);
  slot->ready = true;
  Pump();
}

void PublishStream::End(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (!end_ || end_->ok()) end_ = status;
  Pump();
}

void PublishStream::Pump() {
  if (writing_ || finished_) return;
  if (!broken_ && !pending_.empty()) {
    if (!pending_.front()->ready) return;
    writing_ = true;
    StartWrite(&pending_.front()->response);
  } else if (end_) {
    finished_ = true;
    Finish(*end_);
  }
}

void PublishStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  pending_.pop_front();
  if (!ok) broken_ = true;
  if (!ok && !end_) end_ = grpc::Status::CANCELLED;
  Read();
  Pump();
}

void PublishStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  broken_ = true;
  if (!end_ || end_->ok()) end_ = grpc::Status::CANCELLED;
  Pump();
}

void PublishStream::OnDone() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  callbacks_.done(this, broken_);
  self_.reset();
}

}  // namespace flblk::plugin
