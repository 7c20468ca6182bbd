// Bytes on their way out of a session: appended at the end, taken from the front, memory reused.
#pragma once

#include <memory>

#include "signer/bytes.h"

namespace flblk::rlpx {

class OutputBuffer {
 public:
  // Room for n bytes at the end, to be written by the caller; valid until the next call that is not
  // const.
  uint8_t* Extend(size_t n);
  void Append(ByteView bytes);
  // Memory made elsewhere.
  struct Block {
    std::unique_ptr<uint8_t[]> data;
    size_t capacity = 0;
  };
  // Appends the first n bytes of the block: an empty buffer trades its own memory for it, without a
  // copy.
  void Adopt(Block& block, size_t n);

  ByteView pending() const { return {data_.get() + begin_, end_ - begin_}; }
  // n <= pending().size(). Amortised constant time per byte.
  void Consume(size_t n);

  // Gives memory back where it was hardly used since the last call. For a slow timer.
  void Trim();
  size_t capacity() const { return capacity_; }

 private:
  void MoveTo(size_t capacity);

  std::unique_ptr<uint8_t[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t peak_ = 0;  // most bytes pending since the last Trim
};

}  // namespace flblk::rlpx
