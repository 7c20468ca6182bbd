#include "p2p/net/read_batch.h"

#include <array>
#include <boost/asio/post.hpp>
#include <utility>

#include "p2p/net/connection.h"

namespace flblk::net {

ReadBatch::ReadBatch(boost::asio::io_context& io, bool enabled, KeccakLanes lanes)
    : io_(io),
      enabled_(enabled && lanes != KeccakLanes::kScalar),
      lanes_(lanes),
      memory_(new uint8_t[(kPlaces + 1) * kPlaceBytes]) {
  waiting_.reserve(kPlaces);
}

std::span<uint8_t> ReadBatch::place() {
  return {memory_.get() + waiting_.size() * kPlaceBytes, kPlaceBytes};
}

bool ReadBatch::Join(const std::shared_ptr<Connection>& connection, ByteView bytes) {
  if (!enabled_ || bytes.size() < kWorthWaiting || waiting_.size() == kPlaces) return false;
  waiting_.push_back({connection, bytes});
  Post();
  return true;
}

void ReadBatch::Post() {
  if (posted_) return;
  posted_ = true;
  boost::asio::post(io_, [this] {
    posted_ = false;
    Empty();
  });
}

void ReadBatch::Finish() {
  while (!waiting_.empty()) Empty();
}

void ReadBatch::Absorb() {
  std::array<KeccakJob, kPlaces> jobs;
  size_t count = 0;
  for (const Member& member : waiting_) {
    const KeccakJob job = member.connection->TakeAhead(member.bytes);
    if (job.state != nullptr) jobs[count++] = job;
  }
  AbsorbAll(std::span<const KeccakJob>(jobs).first(count), lanes_);
}

void ReadBatch::Empty() {
  if (waiting_.size() > 1) Absorb();
  for (const Member& member : waiting_) member.connection->OnBatch(member.bytes);
  // Now all places are free again.
  for (const Member& member : std::exchange(waiting_, {})) member.connection->ReadOn();
}

}  // namespace flblk::net
