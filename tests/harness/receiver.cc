#include "tests/harness/receiver.h"

#include "absl/strings/str_cat.h"
#include "tests/harness/reduce.h"

namespace flblk::harness {

Receiver::Receiver(RunContext& run, size_t node)
    : run_(run), node_(node), thread_([this] { Loop(); }) {}

Receiver::~Receiver() {
  stop_ = true;
  {
    std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  thread_.join();
}

void Receiver::Loop() {
  while (!stop_) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    {
      std::lock_guard lock(mutex_);
      context_ = &context;
    }
    ReadStream(context);
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    std::this_thread::sleep_for(kRetryPause);
  }
}

// A stream that begins again repeats the current block: what an earlier stream had is not counted
// twice.
void Receiver::ReadStream(grpc::ClientContext& context) {
  Seen seen;
  auto stream = run_.nodes[node_]->builder().SubscribeFlashblocks(&context, {});
  v1::VerifiedFlashblock verified;
  while (!stop_ && stream->Read(&verified)) Take(verified, seen);
  if (stop_) return;
  const grpc::Status status = stream->Finish();
  earlier_.merge(seen);
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE && !stop_) {
    run_.Fail(absl::StrCat("subscription at ", run_.nodes[node_]->name(),
                           " ended: ", status.error_message()));
  }
}

void Receiver::Take(const v1::VerifiedFlashblock& verified, Seen& seen) {
  const int64_t at_ns = run_.clock.Now();
  const Flashblock& got = verified.flashblock();
  const auto block = run_.source->BlockOf(got.payload_id());
  const int publisher = run_.BuilderOf(verified.authorization().builder_vk());
  if (!block || publisher == kNobody || got.index() >= run_.source->Plan(*block).flashblocks) {
    run_.log.Add(at_ns, Foreign{static_cast<int>(node_),
                                absl::StrCat("payload ", ToHex(AsBytes(got.payload_id())),
                                             " index ", got.index())});
    return;
  }
  if (const auto before = earlier_.find({*block, got.index()}); before != earlier_.end()) {
    if (before->second != publisher)
      run_.log.Add(at_ns, Replaced{static_cast<int>(node_), *block, got.index()});
    return;
  }
  seen.insert({{*block, got.index()}, publisher});
  run_.log.Add(at_ns,
               Received{static_cast<int>(node_), *block, got.index(), publisher, verified.own(),
                        SameDelta(*run_.deltas.Get(*block, got.index()), got)});
}

void Receiver::CheckPending(uint64_t block, bool complete) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  v1::PendingBlock got;
  const grpc::Status status = run_.nodes[node_]->builder().GetPendingBlock(&context, {}, &got);
  const std::string where =
      absl::StrCat("pending block ", block, " at ", run_.nodes[node_]->name(), ": ");
  if (!status.ok()) return run_.Fail(where + status.error_message());
  if (run_.source->BlockOf(got.authorization().payload_id()) != block)
    return run_.Fail(where + "another payload");
  if (complete && got.flashblocks() != run_.source->Plan(block).flashblocks) {
    return run_.Fail(absl::StrCat(where, got.flashblocks(), " flashblocks"));
  }
  const v1::PendingBlock expected = Reduce(*run_.source, block, got.flashblocks());
  if (const std::string difference = Difference(expected, got); !difference.empty()) {
    return run_.Fail(absl::StrCat(where, difference, " differs"));
  }
  run_.Log(PendingChecked{static_cast<int>(node_), block, got.flashblocks(),
                          static_cast<uint64_t>(got.diff().transactions_size()),
                          got.diff().gas_used(), "0x" + ToHex(AsBytes(got.diff().block_hash()))});
}

}  // namespace flblk::harness
