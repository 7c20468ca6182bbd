#include "tests/harness/builder_host.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace flblk::harness {
namespace {

constexpr std::chrono::milliseconds kEngineTimeout{2000};  // of one forkchoice call
constexpr std::chrono::milliseconds kWorkPoll{50};

v1::Authorization ToProto(const Authorization& authorization) {
  v1::Authorization out;
  out.set_payload_id(BytesOf(authorization.payload_id));
  out.set_timestamp(authorization.timestamp);
  out.set_builder_vk(BytesOf(authorization.builder_vk.bytes));
  out.set_authorizer_sig(BytesOf(authorization.authorizer_sig.bytes));
  return out;
}

// "CAUSE_RIVAL_SILENT" to "rival silent".
std::string Word(std::string name, absl::string_view prefix) {
  name = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

}  // namespace

BuilderHost::BuilderHost(RunContext& run, int builder)
    : run_(run),
      builder_(builder),
      engine_thread_([this] { EngineLoop(); }),
      watch_thread_([this] { WatchLoop(); }),
      publish_thread_([this] { PublishLoop(); }) {}

BuilderHost::~BuilderHost() {
  stop_ = true;
  {
    std::lock_guard lock(mutex_);
    for (grpc::ClientContext* context : {watch_context_, publish_context_, engine_context_}) {
      if (context != nullptr) context->TryCancel();
    }
  }
  changed_.notify_all();
  for (std::thread* thread : {&engine_thread_, &watch_thread_, &publish_thread_}) thread->join();
}

void BuilderHost::WithContext(grpc::ClientContext*& slot,
                              const std::function<void(grpc::ClientContext&)>& body) {
  grpc::ClientContext context;
  {
    std::lock_guard lock(mutex_);
    slot = &context;
  }
  if (!stop_) body(context);
  std::lock_guard lock(mutex_);
  slot = nullptr;
}

// ----------------------------------------------------------------------------------------------
// engine

void BuilderHost::Post(std::function<void()> call) {
  {
    std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  changed_.notify_all();
}

void BuilderHost::EngineLoop() {
  while (!stop_) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kWorkPoll, [this] { return stop_ || !calls_.empty(); });
    if (stop_ || calls_.empty()) continue;
    auto call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
  }
}

void BuilderHost::Begin(const BlockPlan& plan, const Authorization& authorization) {
  Post([this, plan, authorization] {
    bool same_block = false;  // authorized once more for it: it goes on
    {
      std::lock_guard lock(mutex_);
      same_block = job_ && job_->plan.block == plan.block;
    }
    if (!same_block) SealNow();
    {
      std::lock_guard lock(mutex_);
      job_ = Job{plan};
    }
    v1::ForkchoiceUpdatedRequest request;
    request.mutable_attributes()->set_timestamp(plan.slot);
    request.mutable_attributes()->set_block_number(plan.number);
    request.mutable_attributes()->set_payload_id(plan.payload_id);
    *request.mutable_authorization() = ToProto(authorization);
    Forkchoice(request, &plan.block);
  });
}

void BuilderHost::HeadUpdate() {
  Post([this] { Forkchoice({}, nullptr); });
}

void BuilderHost::Seal() {
  Post([this] { SealNow(); });
}

void BuilderHost::Forkchoice(const v1::ForkchoiceUpdatedRequest& request, const uint64_t* block) {
  WithContext(engine_context_, [&](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + kEngineTimeout);
    v1::ForkchoiceUpdatedResponse response;
    const int64_t given_ns = run_.clock.Now();
    const grpc::Status status = stub().ForkchoiceUpdated(&context, request, &response);
    if (block != nullptr)
      run_.log.Add(given_ns, BuilderAuthorized{*block, builder_, status.error_message()});
    const bool gone = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    if (!status.ok() && !gone && !stop_) {
      run_.Fail(absl::StrCat("forkchoice at ", BuilderName(static_cast<size_t>(builder_)), ": ",
                             status.error_message()));
    }
  });
}

void BuilderHost::SealNow() {
  v1::PayloadSealedRequest request;
  {
    std::lock_guard lock(mutex_);
    if (!job_ || job_->sealed) return;
    job_->sealed = true;
    request.set_payload_id(job_->plan.payload_id);
  }
  WithContext(engine_context_, [&](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + kEngineTimeout);
    v1::PayloadSealedResponse response;
    stub().PayloadSealed(&context, request, &response);
  });
}

// --------------------------------------------------------------------------------------------
// clearance

void BuilderHost::WatchLoop() {
  while (!stop_) {
    WithContext(watch_context_, [this](grpc::ClientContext& context) {
      context.set_wait_for_ready(true);
      auto stream = stub().WatchPublishing(&context, {});
      v1::PublishingEvent event;
      while (stream->Read(&event)) {
        if (!Watching()) ++watch_;
        OnPublishing(event);
      }
      if (Watching()) ++watch_;
      stream->Finish();
    });
    {
      std::lock_guard lock(mutex_);
      clearance_.reset();
    }
    if (!stop_) std::this_thread::sleep_for(kRetryPause);
  }
}

void BuilderHost::OnPublishing(const v1::PublishingEvent& event) {
  const bool publishing = event.state() == v1::PUBLISH_STATE_PUBLISHING;
  const auto block = run_.source->BlockOf(event.authorization().payload_id());
  {
    std::lock_guard lock(mutex_);
    clearance_.reset();
    if (publishing && static_cast<uint64_t>(event.flashblocks_size()) == event.next_index()) {
      clearance_ = Clearance{++clearances_, event.authorization().payload_id(), event.next_index()};
    }
  }
  changed_.notify_all();
  // The first event tells a state, not a transition.
  const bool stamped = event.unix_ns() != 0;
  run_.log.Add(
      stamped ? run_.clock.FromUnix(event.unix_ns()) : run_.clock.Now(),
      StateChanged{builder_, publishing, event.authorization().timestamp(), event.next_index(),
                   Word(v1::PublishState_Name(event.state()), "PUBLISH_STATE_"),
                   Word(v1::Cause_Name(event.cause()), "CAUSE_")});
  if (publishing && block) CheckResumePoint(*block, event);
}

// The predecessor's deltas must be handed over complete and unchanged; without them nobody can
// continue.
void BuilderHost::CheckResumePoint(uint64_t block, const v1::PublishingEvent& event) {
  const std::string who = absl::StrCat("clearance of ", BuilderName(static_cast<size_t>(builder_)),
                                       " in block ", block, ": ");
  if (static_cast<uint64_t>(event.flashblocks_size()) != event.next_index()) {
    return run_.Fail(absl::StrCat(who, event.flashblocks_size(),
                                  " flashblocks handed over before index ", event.next_index()));
  }
  for (uint64_t index = 0; index < event.next_index(); ++index) {
    if (!SameDelta(*run_.deltas.Get(block, index), event.flashblocks(static_cast<int>(index)))) {
      return run_.Fail(absl::StrCat(who, "index ", index, " was handed over with other content"));
    }
  }
}

// ----------------------------------------------------------------------------------------------
// publish

std::optional<BuilderHost::Work> BuilderHost::WaitForWork() {
  std::unique_lock lock(mutex_);
  const auto cleared = [this] {
    return job_ && !job_->sealed && clearance_ && clearance_->payload_id == job_->plan.payload_id &&
           clearance_->next_index < job_->plan.flashblocks;
  };
  if (!changed_.wait_for(lock, kWorkPoll, [&] { return stop_ || cleared(); }) || stop_)
    return std::nullopt;
  const Work work{clearance_->number, job_->plan.block, clearance_->next_index};
  lock.unlock();
  run_.deltas.Get(work.block, work.index);  // made while there is time
  lock.lock();
  const auto current = [&] {
    return cleared() && clearance_->number == work.clearance && job_->plan.block == work.block;
  };
  changed_.wait_until(lock, run_.clock.At(run_.timing.Due(work.block, work.index)),
                      [&] { return stop_ || !current(); });
  if (stop_ || !current()) return std::nullopt;
  return work;
}

void BuilderHost::PublishLoop() {
  while (!stop_) {
    // One stream for each life of the node: nothing tells an idle one that its other end is gone.
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, kWorkPoll, [this] { return stop_ || Watching(); })) continue;
    }
    const uint64_t watch = watch_;
    WithContext(publish_context_, [this, watch](grpc::ClientContext& context) {
      auto stream = stub().Publish(&context);
      for (bool open = true; open && !stop_ && watch == watch_;) {
        const auto work = WaitForWork();
        if (work && watch == watch_) open = PublishOne(*stream, *work);
      }
      context.TryCancel();
      stream->Finish();
    });
    if (!stop_) std::this_thread::sleep_for(kRetryPause);
  }
}

bool BuilderHost::PublishOne(PublishStream& stream, const Work& work) {
  v1::PublishRequest request;
  *request.mutable_flashblock() = *run_.deltas.Get(work.block, work.index);
  request.set_sequence(++sequence_);
  run_.Log(Published{builder_, work.block, work.index});
  v1::PublishResponse answer;
  if (!stream.Write(request) || !stream.Read(&answer)) return false;
  run_.Log(Answered{builder_, work.block, work.index, answer.code(), answer.message()});
  if (answer.sequence() != sequence_) run_.Fail("publish: an answer with another sequence");
  OnAnswer(work, answer);
  return true;
}

void BuilderHost::OnAnswer(const Work& work, const v1::PublishResponse& answer) {
  std::lock_guard lock(mutex_);
  if (!clearance_ || clearance_->number != work.clearance) return;
  if (answer.code() == 0 || answer.code() == grpc::StatusCode::OUT_OF_RANGE) {
    clearance_->next_index = answer.next_index();
  } else {
    clearance_.reset();  // a new clearance comes with the next event
  }
}

}  // namespace flblk::harness
