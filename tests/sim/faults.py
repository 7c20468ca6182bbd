"""The deliberate faults of mutants.py. One entry each:

  name, what it breaks in words, who has to catch it (arguments of flblk_search or flblk_sim),
  edits: (file below p2p/core, text that is there exactly once, its replacement)
"""
from collections import namedtuple

Fault = namedtuple("Fault", "name words catcher edits")


def search(model):
    return ["flblk_search", "--set", model, "--seconds", "60"]


def sim(schedules=4000, nodes=8):
    return ["flblk_sim", "--schedules", str(schedules), "--nodes", str(nodes), "--failures", "1", "--threads", "1"]


def machine(name, words, catcher, *edits):
    return Fault(name, words, catcher, [("handoff.cc", old, new) for old, new in edits])


FAULTS = [
    # ---- the machine: beginning and waiting
    machine("no-wait", "starts although a rival is live", search("graceful-2"),
            ("if (!rivals_.AnyLive()) return Clear(Cause::kStarted", "return Clear(Cause::kStarted")),
    machine("silent-start", "publishes without StartPublish", search("graceful-2"),
            ("return Clear(Cause::kStarted, std::nullopt, true,", "return Clear(Cause::kStarted, std::nullopt, false,")),
    machine("stop-ignored", "a rival's StopPublish does not clear the one that waits", search("graceful-2"),
            ("if (!rivals_.AnyLive()) return Clear(Cause::kRivalStopped, e.key, false, now, out);",
             "if (!rivals_.AnyLive()) return;")),
    machine("wait-for-ever", "waits for a silent rival for ever", search("crash-2"),
            ("if (waiting && newer && Unanswered()) {", "if (false) {"),
            ("if (waiting && newer) DecideIfFirst(now);", "")),
    machine("quiet-waiting", "a builder that waits does not announce the new slot", search("late-2"),
            ("if (waiting ? newer : Forgotten() || (newer && took_over_)) Announce(now, out);",
             "if (!waiting && (Forgotten() || (newer && took_over_))) Announce(now, out);")),
    machine("stuck-slot", "keeps its first Authorization for ever", search("late-2"),
            ("  authorization_ = n;\n  RaiseNewest(n.timestamp);\n  reminded_ = false;",
             "  RaiseNewest(n.timestamp);\n  reminded_ = false;")),
    # ---- the machine: yielding
    machine("old-clearance", "a StopPublish clears for a slot that is over", search("leave-3"),
            ("if (OutOfDate()) return;  // our slot is over", "")),
    machine("never-yield", "goes on publishing at a rival's StartPublish", search("graceful-2"),
            ("  Yield(e.key, Cause::kYieldedToRival, now, out);\n}\n\n// Both may", "}\n\n// Both may")),
    machine("silent-yield", "yields without StopPublish", search("graceful-2"),
            ("  out.actions.push_back(SendStop{authorization_});\n  yielded_to_ = to;", "  yielded_to_ = to;")),
    machine("stale-start", "heeds a StartPublish of an older slot", search("replay-2"),
            ("if (e.slot < newest_slot_) return OlderStart(e, now, out);", "")),
    machine("start-twice", "heeds a StartPublish it has heard before", search("replay-2"),
            ("if (rival->start_seen || rival->stop_seen) return RepeatedStart(*rival, now);", "")),
    machine("stop-twice", "heeds a StopPublish it has heard before", search("replay-2"),
            ("if (rival->stop_seen) return RepeatedStop(*rival, now);", "")),
    machine("both-stay", "at a crossing neither yields", sim(),
            ("config_.self < e.key &&\n         now <= started_at_", "now <= started_at_"),
            ("if (rivals_.AnyLiveSince(slot)) Yield(*top, Cause::kYieldedToRival, now, out);", "")),
    machine("both-yield", "at a crossing both yield", sim(),
            ("  if (Crossed(e, now)) {", "  if (false) {")),
    machine("deaf", "goes on next to a rival's flashblocks of a newer slot", search("late-2"),
            ("if (e.slot > authorization_.timestamp) return Yield(e.key, Cause::kYieldedToRival, now, out);", "")),
    machine("no-tie-break", "two publish in one slot and neither gives way", search("late-2"),
            ("if (rival < config_.self) return Yield(rival, Cause::kTieBreak, now, out);", "")),
    # ---- the machine: resuming, stopping, forgetting
    machine("never-resume", "after a tie nobody resumes", search("late-2"),
            ("    decide_at_ = now + (config_.self < e.key ? Silence() : 2 * Silence());", "")),
    machine("deaf-to-second", "does not heed a second StopPublish", search("late-2"),
            ("if (rival->stop_seen) return RepeatedStop(*rival, now);", "if (rival->stop_seen) return;")),
    machine("silent-stop", "stops without StopPublish when the authorization ends", search("leave-2"),
            ("if (state_ != PublishState::kYielded) out.actions.push_back(SendStop{authorization_});", "")),
    machine("undead", "never forgets a rival", search("late-2"),
            ("  rivals_.Prune(newest_slot_, config_.block_seconds);", "")),
    # ---- whole nodes
    Fault("blind-takeover", "takeover_after does not look at the rival's flashblocks", sim(),
          [("handoff.cc", "return std::max(started_at_, last_sign_) + (config_.takeover_after + rank);",
            "return started_at_ + (config_.takeover_after + rank);")]),
    Fault("sealed-ignored", "publishes into a sealed payload", sim(),
          [("handoff.cc", "if (IsSealed(authorization_.payload_id)) {", "if (false) {")]),
    Fault("journal-ignored", "signs a second content for an index after a restart", sim(),
          [("publisher.cc", "if (!claimed.ok()) return claimed;", "")]),
    Fault("no-resume", "begins the predecessor's block anew", sim(),
          [("engine_host.cc", "event.next_index = resume.next_index;", "event.next_index = 0;")]),
    Fault("unheard", "relays no StartPublish or StopPublish: builders that are no neighbours are deaf to each other",
          sim(), [("engine_network.cc", "    SendToAll(frame, peer.session);\n", "")]),
    Fault("no-memory", "relays every copy of a StartPublish", sim(),
          [("engine_network.cc", "    markers.Insert(kind, a, envelope.actor_sig);", "")]),
    # ---- hostile peers: no schedule of honest nodes alone catches these
    Fault("unchecked-relay", "relays a StartPublish that does not verify", sim(),
          [("engine_network.cc", "    if (!Verify(peer, envelope)) return;\n    markers.Insert",
            "    if (!Verify(peer, envelope)) return SendToAll(frame, peer.session);\n    markers.Insert")]),
    Fault("poisoned", "a flashblock is known by a copy that does not verify", sim(),
          [("engine_network.cc", "  if (!Verify(peer, envelope)) return;\n  absl::StatusOr",
            "  if (seen == nullptr) seen = &frames.Insert(key, envelope.actor_sig, now.mono);\n"
            "  if (!Verify(peer, envelope)) return;\n  absl::StatusOr"),
           ("engine_network.cc", "if (!seen.HasSignature(sig)) {", "if (false) {")]),
    Fault("patient", "ends no session, whatever the peer does", sim(),
          [("gossip.cc", "  if (!over) return;", "  return;")]),
    Fault("flooded", "control messages have no budget", sim(),
          [("gossip.cc", "if (!peer.control_in.Take(now)) {", "if (false) {")]),
]
