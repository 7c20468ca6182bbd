#include "plugin/callbacks.h"

#include "p2p/wire/envelope.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

template <size_t N>
void Copy(const FixedBytes<N>& in, uint8_t (&out)[N]) {
  std::copy(in.begin(), in.end(), out);
}

void FillBase(const wire::Base& base, flblk_flashblock_event& out) {
  out.flags |= FLBLK_FLASHBLOCK_BASE;
  out.block_number = base.block_number;
  out.base_timestamp = base.timestamp;
  Copy(base.parent_hash, out.parent_hash);
  Copy(base.base_fee_per_gas, out.base_fee);
}

}  // namespace

flblk_bytes ToAbi(ByteView bytes) { return {bytes.data(), bytes.size()}; }

flblk_authorization ToAbi(const Authorization& authorization) {
  flblk_authorization out{};
  Copy(authorization.payload_id, out.payload_id);
  out.timestamp = authorization.timestamp;
  Copy(authorization.builder_vk.bytes, out.builder_vk);
  Copy(authorization.authorizer_sig.bytes, out.authorizer_sig);
  return out;
}

flblk_publish_result ToAbi(const Verdict& verdict) {
  flblk_publish_result out{};
  out.struct_size = sizeof out;
  out.code = static_cast<flblk_status>(verdict.status.code());
  Copy(verdict.payload_id, out.payload_id);
  out.index = verdict.index;
  out.next_index = verdict.next_index;
  return out;
}

void HostCallbacks::Start() {
  const std::lock_guard lock(mutex_);
  running_ = true;
  thread_ = std::thread([this] { Run(); });
}

void HostCallbacks::Stop() {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    give_up_ = std::chrono::steady_clock::now() + kResultLimit;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool HostCallbacks::OnOwnThread() const { return std::this_thread::get_id() == own_thread_; }

void HostCallbacks::Post(std::function<void()> fn, bool promised) {
  {
    const std::lock_guard lock(mutex_);
    if (!running_ && !promised) return;
    queue_.push_back(std::move(fn));
  }
  wake_.notify_one();
}

void HostCallbacks::Run() {
  own_thread_ = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  const auto due = [&] { return !queue_.empty(); };
  while (true) {
    wake_.wait(lock, [&] { return !running_ || due(); });
    if (!due() && pending_results_ > 0) wake_.wait_until(lock, give_up_, due);
    if (!due()) return;
    const auto fn = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    fn();
    lock.lock();
  }
}

absl::Status HostCallbacks::ReserveResult() {
  const std::lock_guard lock(mutex_);
  if (!running_) return absl::UnavailableError("publish_async: the plugin has stopped");
  if (pending_results_ == kMaxPendingResults) {
    return absl::ResourceExhaustedError(
        Cat("publish_async: ", kMaxPendingResults, " results wait for their callback"));
  }
  ++pending_results_;
  return absl::OkStatus();
}

void HostCallbacks::Result(uint64_t ticket, const Verdict& verdict) {
  const auto tell = [this, ticket, verdict] {
    {
      const std::lock_guard lock(mutex_);
      --pending_results_;
    }
    if (callbacks_.on_publish_result == nullptr) return;
    const flblk_publish_result result = ToAbi(verdict);
    const std::string message(verdict.status.message());
    callbacks_.on_publish_result(user_, ticket, &result, ToAbi(AsBytes(message)));
  };
  Post(tell, true);
}

void HostCallbacks::OnFlashblock(const core::FlashblockDelivered& event, int64_t) {
  if (callbacks_.on_flashblock == nullptr) return;
  if (waiting_flashblocks_ >= kMaxFlashblocks) {
    ++lost_since_;
    ++lost_;
    return;
  }
  ++waiting_flashblocks_;
  Post([this, event, lost = std::exchange(lost_since_, 0)] {
    --waiting_flashblocks_;
    Tell(event, lost);
    ++delivered_;
  });
}

void HostCallbacks::OnTransition(const Transition& transition) {
  if (callbacks_.on_publishing == nullptr) return;
  Post([this, transition] { Tell(transition); });
}

void HostCallbacks::Tell(const core::FlashblockDelivered& event, uint64_t lost) const {
  const wire::FlashblocksPayloadV1& flashblock = *event.flashblock;
  const Bytes rlp = wire::EncodeFlashblock(flashblock);
  flblk_flashblock_event out{};
  out.struct_size = sizeof out;
  out.flags = event.own ? FLBLK_FLASHBLOCK_OWN : 0;
  out.lost = lost;
  out.authorization = ToAbi(event.authorization);
  Copy(event.actor_sig.bytes, out.actor_sig);
  out.index = flashblock.index;
  out.gas_used = flashblock.diff.gas_used;
  Copy(flashblock.diff.state_root, out.state_root);
  Copy(flashblock.diff.receipts_root, out.receipts_root);
  Copy(flashblock.diff.block_hash, out.block_hash);
  out.transaction_count = flashblock.diff.transactions.size();
  if (flashblock.base) FillBase(*flashblock.base, out);
  out.metadata = ToAbi(AsBytes(flashblock.metadata));
  out.rlp = ToAbi(rlp);
  if (event.frame) out.signed_rlp = ToAbi(event.frame->body);
  callbacks_.on_flashblock(user_, &out);
}

void HostCallbacks::Tell(const Transition& transition) const {
  const core::PublishingChanged& change = transition.change;
  std::vector<Bytes> encoded;
  std::vector<flblk_bytes> views;
  for (const auto& event : transition.flashblocks)
    encoded.push_back(wire::EncodeFlashblock(*event.flashblock));
  for (const Bytes& bytes : encoded) views.push_back(ToAbi(bytes));
  flblk_publishing_event out{};
  out.struct_size = sizeof out;
  out.state = static_cast<uint32_t>(change.to) + 1;
  out.previous = static_cast<uint32_t>(change.from) + 1;
  out.cause = static_cast<uint32_t>(change.cause) + 1;
  out.unix_ns = transition.unix_ns;
  out.in_previous_state_ns = static_cast<uint64_t>(change.in_previous_state.count());
  if (change.authorization) {
    out.flags |= FLBLK_EVENT_AUTHORIZATION;
    out.authorization = ToAbi(*change.authorization);
  }
  if (change.rival) {
    out.flags |= FLBLK_EVENT_RIVAL;
    Copy(change.rival->bytes, out.rival_vk);
  }
  out.next_index = change.next_index;
  out.missing = change.missing;
  out.flashblocks = views.data();
  out.flashblock_count = views.size();
  callbacks_.on_publishing(user_, &out);
}

}  // namespace flblk::plugin
