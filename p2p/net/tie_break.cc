#include "p2p/net/tie_break.h"

namespace flblk::net {

bool NewerSessionWins(const SessionOrigin& older, const SessionOrigin& newer, const NodeId& self,
                      const NodeId& remote) {
  if (older.inbound == newer.inbound) return true;
  if (newer.established - older.established > kSimultaneousDialWindow) return true;
  const bool keep_inbound = remote < self;  // the lower id is the one whose dial counts
  return newer.inbound == keep_inbound;
}

}  // namespace flblk::net
