// One session per node id: which of two stays. Pure; both ends reach the same verdict on their own.
//
// Two nodes that dial each other at once end up with two connections of opposite direction. Both
// ends keep the one that the node with the lower id dialled and close the other with Disconnect
// 0x05.
//
// In every other case the newer one stays: a peer does not dial a node it has a session with, so
// one that does has lost the older session (crash, cut cable) though its end here still looks
// alive.
#pragma once

#include "p2p/wire/time.h"
#include "signer/bytes.h"

namespace flblk::net {

// Handshakes may take this long (rlpx), so simultaneous dials can finish this far apart.
inline constexpr Duration kSimultaneousDialWindow = std::chrono::seconds(20);

struct SessionOrigin {
  bool inbound = false;
  MonoTime established;
};

// True: `newer` replaces `older`. Both are sessions of `self` with `remote`.
bool NewerSessionWins(const SessionOrigin& older, const SessionOrigin& newer, const NodeId& self,
                      const NodeId& remote);

}  // namespace flblk::net
