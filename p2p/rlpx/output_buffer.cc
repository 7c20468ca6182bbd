#include "p2p/rlpx/output_buffer.h"

#include <algorithm>
#include <cstring>

namespace flblk::rlpx {
namespace {

constexpr size_t kSmallest = 1024;
constexpr size_t kTrimFactor = 4;  // Trim where this many times the peak is held

}  // namespace

void OutputBuffer::MoveTo(size_t capacity) {
  auto grown = std::make_unique_for_overwrite<uint8_t[]>(capacity);
  if (end_ > begin_) std::memcpy(grown.get(), data_.get() + begin_, end_ - begin_);
  data_ = std::move(grown);
  capacity_ = capacity;
  end_ -= begin_;
  begin_ = 0;
}

uint8_t* OutputBuffer::Extend(size_t n) {
  const size_t held = end_ - begin_;
  if (n > capacity_ - end_) {
    if (begin_ >= held && n <= capacity_ - held) {
      // Moves no more bytes than were consumed since the last move.
      if (held > 0) std::memcpy(data_.get(), data_.get() + begin_, held);
      begin_ = 0;
      end_ = held;
    } else {
      MoveTo(std::max({kSmallest, held + n, held > 0 ? 2 * capacity_ : capacity_}));
    }
  }
  uint8_t* at = data_.get() + end_;
  end_ += n;
  peak_ = std::max(peak_, end_ - begin_);
  return at;
}

void OutputBuffer::Append(ByteView bytes) {
  if (!bytes.empty()) std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
}

void OutputBuffer::Adopt(Block& block, size_t n) {
  if (begin_ != end_) return Append({block.data.get(), n});
  std::swap(data_, block.data);
  std::swap(capacity_, block.capacity);
  begin_ = 0;
  end_ = n;
  peak_ = std::max(peak_, n);
}

void OutputBuffer::Consume(size_t n) {
  begin_ += std::min(n, end_ - begin_);
  if (begin_ == end_) begin_ = end_ = 0;
}

void OutputBuffer::Trim() {
  const size_t wanted = std::max(kSmallest, peak_);
  if (capacity_ > kTrimFactor * wanted) MoveTo(wanted);
  peak_ = end_ - begin_;
}

}  // namespace flblk::rlpx
