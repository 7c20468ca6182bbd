#include "plugin/event_log.h"

#include "plugin/text.h"

namespace flblk::plugin {

void EventLog::OnFlashblock(const core::FlashblockDelivered& event, int64_t) {
  log_(LogLevel::kDebug,
       Cat("event=flashblock msg=\"flashblock ", event.own ? "published" : "received",
           "\" payload_id=", ToHex(event.flashblock->payload_id), " flashblock_index=",
           event.flashblock->index, " timestamp=", event.authorization.timestamp,
           " transactions=", event.flashblock->diff.transactions.size()));
}

void EventLog::OnLost() {
  log_(LogLevel::kError,
       "event=overflow msg=\"event queue overflowed: flashblocks were lost for subscribers\"");
}

}  // namespace flblk::plugin
