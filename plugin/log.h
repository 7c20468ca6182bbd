// Where the plugin's lines go: to the host where it gave a callback, else to glog (which the host
// owns).
#pragma once

#include "p2p/net/log.h"

namespace flblk::plugin {

using net::GlogLog;
using net::LogFn;  // any thread
using net::LogLevel;

}  // namespace flblk::plugin
