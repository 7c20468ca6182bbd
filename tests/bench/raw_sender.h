// The same bytes to n plain connections, nothing else: what sending costs anybody.
#pragma once

#include <vector>

#include "tests/bench/receivers.h"

namespace flblk::bench {

class RawSender {
 public:
  // The receivers' plain connections, `n` more of them.
  RawSender(Receivers& receivers, size_t n);
  ~RawSender();
  RawSender(const RawSender&) = delete;
  RawSender& operator=(const RawSender&) = delete;

  // Returns when the kernel has all of it for each. Any thread, one at a time.
  void Send(ByteView bytes);

 private:
  // True: all of it is out.
  bool SendSome(size_t i, ByteView bytes, size_t& sent);

  std::vector<int> fds_;
};

}  // namespace flblk::bench
