#include "p2p/core/events.h"

namespace flblk::core {

const char* Name(PublishState state) {
  switch (state) {
    case PublishState::kIdle:
      return "idle";
    case PublishState::kWaiting:
      return "waiting";
    case PublishState::kPublishing:
      return "publishing";
    case PublishState::kYielded:
      return "yielded";
  }
  return "?";
}

const char* Name(Cause cause) {
  switch (cause) {
    case Cause::kStarted:
      return "started";
    case Cause::kWaitingForRival:
      return "waiting for rival";
    case Cause::kRivalStopped:
      return "rival stopped";
    case Cause::kRivalSilent:
      return "rival silent";
    case Cause::kTakeoverTimeout:
      return "takeover timeout";
    case Cause::kYieldedToRival:
      return "yielded to rival";
    case Cause::kTieBreak:
      return "tie break";
    case Cause::kAuthorizationRenewed:
      return "authorization renewed";
    case Cause::kNotAuthorized:
      return "not authorized";
    case Cause::kHostStopped:
      return "host stopped";
  }
  return "?";
}

const char* Name(LetGo why) {
  switch (why) {
    case LetGo::kConfirmed:
      return "confirmed";
    case LetGo::kFewer:
      return "fewer standbys";
    case LetGo::kTimedOut:
      return "timed out";
    case LetGo::kReleased:
      return "released";
  }
  return "?";
}

const char* Name(Offence offence) {
  switch (offence) {
    case Offence::kMalformed:
      return "malformed";
    case Offence::kBadSignature:
      return "bad signature";
    case Offence::kStale:
      return "stale";
    case Offence::kUnexpected:
      return "unexpected";
    case Offence::kFlood:
      return "flood";
    case Offence::kEquivocation:
      return "equivocation";
  }
  return "?";
}

const char* Name(Evidence evidence) {
  switch (evidence) {
    case Evidence::kTwoFlashblocks:
      return "two flashblocks";
    case Evidence::kTwoPayloads:
      return "two payloads";
    case Evidence::kTwoBuilders:
      return "two builders";
  }
  return "?";
}

}  // namespace flblk::core
