// RLP (Ethereum Yellow Paper, appendix B): a strict reader and a writer that sizes first and writes
// once.
//
//   item   = string | list
//   string = byte 0x00..0x7f                          itself
//          | 0x80+n, n bytes                          n <= 55; n = 1: the byte is >= 0x80
//          | 0xb7+l, l bytes length n, n bytes        n >= 56, no leading zero
//   list   = 0xc0+n, items of n bytes together | 0xf7+l, l bytes length n, items
//   integer = string without leading zero; zero is the empty string
//
// Only these shortest forms are read (as alloy-rlp and geth do).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "p2p/wire/limits.h"
#include "signer/bytes.h"

namespace flblk::wire {

// A cursor over consecutive items. Views point into the bytes given, nothing is copied. All readers
// that come from one share one status: after the first error it stays as it is, every call returns
// an empty value and More() is false, so a decoder reads field after field and looks at the status
// once.
//
//   absl::Status status;
//   RlpReader body = RlpReader(bytes, &status).List("Withdrawal");
//   out.index = body.Uint("index");
//   body.Fixed("address", out.address);
//   body.Finish("Withdrawal");
//   if (!status.ok()) return status;
//
// Errors are INVALID_ARGUMENT "<field>: <what is wrong> (at byte N)".
class RlpReader {
 public:
  // `status` is OK and outlives all readers.
  RlpReader(ByteView bytes, absl::Status* status)
      : rest_(bytes), begin_(bytes.data()), status_(status) {}

  bool ok() const { return status_->ok(); }
  // No error so far and at least one byte left.
  bool More() const { return !rest_.empty() && ok(); }
  ByteView rest() const { return rest_; }
  // Whether the next item is exactly 0x80, the empty string (which stands for "absent" in places).
  bool NextIsEmptyString() const { return More() && rest_[0] == 0x80; }
  bool NextIsList() const { return More() && rest_[0] >= 0xc0; }

  // Each reads the next item and moves past it.
  ByteView Item(
      std::string_view field);  // complete, header included; the inside of a list is not read
  ByteView String(std::string_view field);  // contents
  RlpReader List(
      std::string_view field);  // reader of the items; deeper than kMaxRlpDepth is an error
  uint64_t Uint(std::string_view field);   // at most 8 bytes
  Hash32 Uint256(std::string_view field);  // at most 32 bytes, as 32 big-endian bytes
  void Fixed(std::string_view field, std::span<uint8_t> out);  // exactly out.size() bytes

  // An error where items are left.
  void Finish(std::string_view field);
  // Makes an error of the caller's at the current position, unless there is one already. Returns
  // false.
  bool Fail(std::string_view field, std::string_view problem);

 private:
  struct Header {
    bool list = false;
    size_t size = 0;    // of the header; 0: the byte is its own contents
    size_t length = 0;  // of the contents
  };
  // Checks the next item's header against the bytes left; false after Fail.
  bool ReadHeader(std::string_view field, Header* header);
  ByteView Take(size_t skip, size_t length);
  ByteView Integer(std::string_view field, size_t max_bytes);

  ByteView rest_;
  const uint8_t* begin_;  // of the outermost bytes, for positions in errors
  absl::Status* status_;
  size_t depth_ = 0;
};

// Encoded sizes, headers included.
size_t RlpHeaderSize(size_t contents);
inline size_t RlpListSize(size_t contents) { return RlpHeaderSize(contents) + contents; }
inline size_t RlpStringSize(ByteView s) {
  return s.size() == 1 && s[0] < 0x80 ? 1 : RlpHeaderSize(s.size()) + s.size();
}
size_t RlpUintSize(uint64_t value);
// The bytes of a big-endian integer without its leading zeros.
ByteView RlpTrim(ByteView big_endian);

// The two sinks of an encoder. A structure is described once, as a callable that puts its items
// into either: first counted, then written, so the buffer is allocated once and each byte is copied
// once.
//
//   Bytes hello = RlpEncodeList([&](auto& out) {
//     out.Uint(5);
//     out.String(AsBytes(client));
//     out.List([&](auto& caps) { for (...) caps.List(...); });
//   });
class RlpSizer {
 public:
  size_t size() const { return size_; }
  void String(ByteView s) { size_ += RlpStringSize(s); }
  void Uint(uint64_t value) { size_ += RlpUintSize(value); }
  void Uint256(const Hash32& value) { size_ += RlpStringSize(RlpTrim(value)); }
  void Item(ByteView item) { size_ += item.size(); }  // already encoded
  template <class Items>
  void List(const Items& items) {
    const size_t before = std::exchange(size_, 0), list = lists_.size();
    lists_.push_back(0);
    items(*this);
    lists_[list] = size_;
    size_ = before + RlpListSize(size_);
  }

 private:
  friend class RlpWriter;
  size_t size_ = 0;
  std::vector<size_t> lists_;  // contents of every list, in the order they begin
};

class RlpWriter {
 public:
  // `sizer` has counted the very same calls that follow.
  explicit RlpWriter(RlpSizer sizer) : lists_(std::move(sizer.lists_)) {
    out_.reserve(sizer.size_);
  }
  void String(ByteView s);
  void Uint(uint64_t value);
  void Uint256(const Hash32& value) { String(RlpTrim(value)); }
  void Item(ByteView item) { out_.insert(out_.end(), item.begin(), item.end()); }
  template <class Items>
  void List(const Items& items) {
    Header(0xc0, lists_[next_list_++]);
    items(*this);
  }
  Bytes Take() && { return std::move(out_); }

 private:
  void Header(uint8_t base, size_t contents);  // base: 0x80 or 0xc0
  Bytes out_;
  std::vector<size_t> lists_;
  size_t next_list_ = 0;
};

// What `items` puts into its sink, one item after another.
template <class Items>
Bytes RlpEncode(const Items& items) {
  RlpSizer sizer;
  items(sizer);
  RlpWriter writer(std::move(sizer));
  items(writer);
  return std::move(writer).Take();
}

// One list item holding what `items` puts into its sink.
template <class Items>
Bytes RlpEncodeList(const Items& items) {
  return RlpEncode([&](auto& out) { out.List(items); });
}

}  // namespace flblk::wire
