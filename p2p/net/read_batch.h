// Where connections read to, and the waiting room of those that read much in one turn of the event
// loop: the MACs of what they read absorb it together (Session::TakeAhead), eight at about the cost
// of one, and then each takes its bytes as ever.
//
// A connection that joins waits for the sockets found readable together with its own, and for
// nothing else: the room is emptied behind their handlers. Who reads little, reads alone, finds all
// places taken, or runs on a processor without lanes goes on at once or exactly as without a batch.
//
// Thread: the network thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <vector>

#include "signer/keccak_lanes.h"

namespace flblk::net {

class Connection;

class ReadBatch {
 public:
  static constexpr size_t kPlaces = 8;                      // one more is for whoever does not wait
  static constexpr size_t kPlaceBytes = size_t{256} << 10;  // memory is touched only as it is used
  // Bytes read below which a MAC is sooner computed than put together with others.
  static constexpr size_t kWorthWaiting = size_t{4} << 10;

  // `enabled` false: nobody waits. `io` outlives this.
  ReadBatch(boost::asio::io_context& io, bool enabled, KeccakLanes lanes = BestKeccakLanes());

  // Where to read to next: kPlaceBytes, in use until Join or the end of the caller's turn.
  std::span<uint8_t> place();
  // `bytes` were read to place(). True: the connection waits, and is called OnBatch and then
  // ReadOn, both even if it ends meanwhile.
  bool Join(const std::shared_ptr<Connection>& connection, ByteView bytes);
  // Now, until nobody waits. Not from within a call of a connection.
  void Finish();

 private:
  struct Member {
    std::shared_ptr<Connection> connection;
    ByteView bytes;
  };
  void Post();
  void Absorb();
  void Empty();

  boost::asio::io_context& io_;
  const bool enabled_;
  const KeccakLanes lanes_;
  const std::unique_ptr<uint8_t[]> memory_;
  std::vector<Member> waiting_;  // member i reads to place i
  bool posted_ = false;
};

}  // namespace flblk::net
