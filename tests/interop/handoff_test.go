package interop

import (
	"bytes"
	"testing"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
)

// Canonical status code FAILED_PRECONDITION: not cleared to publish.
const failedPrecondition = 9

// pair is our publisher, a foreign rival and a foreign observer of both, all joined at our node.
type pair struct {
	w   *world
	us  *publisher
	riv *rival
	obs *listener
}

func startPair(t *testing.T, flags ...string) *pair {
	t.Helper()
	w := newWorld()
	us := w.startPublisher(t, "ours", flags...)
	return &pair{w, us, w.startRival(t, us.URL), w.subscribe(t, "observer", us.URL)}
}

// settle waits until the node has asked the rival for flashblocks, so that what the rival sends is expected.
func (p *pair) settle(t *testing.T) {
	t.Helper()
	waitFed(t, p.us.Process, p.riv.OwnID)
}

// Mid-block: our node publishes 0..2, the rival announces itself, our node says StopPublish at once and refuses its
// host; the rival goes on at 3. The observer sees one block without gap.
func TestOurNodeYieldsToARival(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.us.begin(t, p.w, slot)
	p.us.watch.Until(t, host.Publishing, soon)
	p.us.publish(t, slot, 0, 3, 200)
	p.riv.block(t, slot, 0, 3, 200, p.us.key)

	p.riv.start(t, slot)
	stop := p.riv.kind(t, flblk.StopPublish, p.us.key)
	if want := p.w.authorize(p.us.key, slot); !bytes.Equal(stop.Auth.RLP(), want.RLP()) {
		t.Fatalf("StopPublish carries %+v", stop.Auth)
	}
	event := p.us.watch.Until(t, host.Yielded, soon)
	if event.Cause != "CAUSE_YIELDED_TO_RIVAL" || !bytes.Equal(event.RivalVK, public(p.riv.key)) {
		t.Fatalf("yielded with %+v", event)
	}
	if r := p.us.stream.Try(t, delta(content(slot, 3, 200))); r.Code != failedPrecondition {
		t.Fatalf("publishing after the yield: code %d %q, want %d", r.Code, r.Message, failedPrecondition)
	}
	p.riv.publish(t, slot, 3, 6, 200)
	p.obs.block(t, slot, 0, 3, 200, p.us.key)
	p.obs.block(t, slot, 3, 6, 200, p.riv.key)
}

// The way back: the rival publishes, our node is authorized, announces itself and waits; on the rival's StopPublish it
// is cleared at the next index and its host holds what was already published.
func TestOurNodeWaitsAndResumesMidBlock(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.riv.start(t, slot)
	p.riv.publish(t, slot, 0, 4, 200)
	p.obs.block(t, slot, 0, 4, 200, p.riv.key)

	if r := p.us.Forkchoice(t, p.w.authorize(p.us.key, slot), blockNumber(slot)); r.State != host.Waiting {
		t.Fatalf("authorized while a rival publishes: %s, want %s", r.State, host.Waiting)
	}
	p.riv.kind(t, flblk.StartPublish, p.us.key)
	if r := p.us.stream.Try(t, delta(content(slot, 4, 200))); r.Code != failedPrecondition {
		t.Fatalf("publishing while waiting: code %d %q, want %d", r.Code, r.Message, failedPrecondition)
	}
	p.riv.stop(t, slot)
	cleared := p.us.watch.Until(t, host.Publishing, soon)
	if cleared.Cause != "CAUSE_RIVAL_STOPPED" || cleared.NextIndex != 4 || len(cleared.Flashblocks) != 4 {
		t.Fatalf("cleared with %s, next index %d, %d flashblocks; want rival stopped, 4, 4",
			cleared.Cause, cleared.NextIndex, len(cleared.Flashblocks))
	}
	p.us.publish(t, slot, 4, 7, 200)
	p.obs.block(t, slot, 4, 7, 200, p.us.key)
	p.riv.block(t, slot, 4, 7, 200, p.us.key)
}

// Ours, theirs, ours again, mid-block each time, over three slots.
func TestPublishersTakeTurns(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.us.begin(t, p.w, slot)
	for range 3 {
		p.us.publish(t, slot, 0, 2, 200)
		p.obs.block(t, slot, 0, 2, 200, p.us.key)
		p.riv.start(t, slot)
		p.riv.kind(t, flblk.StopPublish, p.us.key)
		p.riv.publish(t, slot, 2, 4, 200)
		p.obs.block(t, slot, 2, 4, 200, p.riv.key)

		slot = p.w.next()
		p.riv.publish(t, slot, 0, 2, 200)
		p.obs.block(t, slot, 0, 2, 200, p.riv.key)
		p.us.Forkchoice(t, p.w.authorize(p.us.key, slot), blockNumber(slot))
		p.riv.kind(t, flblk.StartPublish, p.us.key)
		p.riv.stop(t, slot)
		p.us.watch.Until(t, host.Publishing, soon)
		for { // several transitions lead here; the clearance of this slot counts
			if r := p.us.stream.Try(t, delta(content(slot, 2, 200))); r.Code == 0 {
				break
			}
			p.us.watch.Until(t, host.Publishing, soon)
		}
		p.us.publish(t, slot, 3, 4, 200)
		p.obs.block(t, slot, 2, 4, 200, p.us.key)
		slot = p.w.next()
		p.us.begin(t, p.w, slot)
	}
}

// A rival which never answers is taken for dead at the next slot, and StartPublish is said again.
func TestSilentRivalIsTakenOverAtTheNextSlot(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.riv.start(t, slot)
	p.riv.publish(t, slot, 0, 2, 200)
	p.obs.block(t, slot, 0, 2, 200, p.riv.key)
	slot = p.w.next()
	p.riv.publish(t, slot, 0, 1, 200)
	p.obs.block(t, slot, 0, 1, 200, p.riv.key)
	if r := p.us.Forkchoice(t, p.w.authorize(p.us.key, slot), blockNumber(slot)); r.State != host.Waiting {
		t.Fatalf("state %s, want %s", r.State, host.Waiting)
	}
	p.us.watch.Until(t, host.Waiting, soon)
	p.us.watch.Quiet(t, 600*time.Millisecond) // no takeover inside the slot unless asked for
	slot = p.w.next()
	p.us.begin(t, p.w, slot)
	if e := p.us.watch.Until(t, host.Publishing, soon); e.Cause != "CAUSE_RIVAL_SILENT" || e.NextIndex != 0 {
		t.Fatalf("took over with %s at index %d", e.Cause, e.NextIndex)
	}
	if again := p.riv.kind(t, flblk.StartPublish, p.us.key); again.Auth.Timestamp == slot-2 {
		again = p.riv.kind(t, flblk.StartPublish, p.us.key)
		if again.Auth.Timestamp != slot {
			t.Fatalf("StartPublish for slot %d, want %d", again.Auth.Timestamp, slot)
		}
	}
	p.us.publish(t, slot, 0, 3, 200)
	p.obs.block(t, slot, 0, 3, 200, p.us.key)
}

// With --takeover-after our node goes on in the same block.
func TestSilentRivalIsTakenOverInTheSameBlock(t *testing.T) {
	t.Parallel()
	p := startPair(t, "--takeover-after=500ms")
	p.settle(t)
	slot := p.w.next()
	p.riv.start(t, slot)
	p.riv.publish(t, slot, 0, 3, 200)
	p.obs.block(t, slot, 0, 3, 200, p.riv.key)
	if r := p.us.Forkchoice(t, p.w.authorize(p.us.key, slot), blockNumber(slot)); r.State != host.Waiting {
		t.Fatalf("state %s, want %s", r.State, host.Waiting)
	}
	e := p.us.watch.Until(t, host.Publishing, soon)
	if e.Cause != "CAUSE_TAKEOVER_TIMEOUT" || e.NextIndex != 3 {
		t.Fatalf("took over with %s at index %d, want a timeout at 3", e.Cause, e.NextIndex)
	}
	p.us.publish(t, slot, 3, 5, 200)
	p.obs.block(t, slot, 3, 5, 200, p.us.key)
}

// The rival takes over and gives up within the slot: our node resumes the block it had begun.
func TestRivalGivesUpInTheSameSlot(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.us.begin(t, p.w, slot)
	p.us.publish(t, slot, 0, 2, 200)
	p.obs.block(t, slot, 0, 2, 200, p.us.key)
	p.riv.start(t, slot)
	p.us.watch.Until(t, host.Yielded, soon)
	p.riv.publish(t, slot, 2, 3, 200)
	p.obs.block(t, slot, 2, 3, 200, p.riv.key)
	p.riv.stop(t, slot)
	if e := p.us.watch.Until(t, host.Publishing, soon); e.NextIndex != 3 {
		t.Fatalf("resumed at index %d, want 3", e.NextIndex)
	}
	p.us.publish(t, slot, 3, 5, 200)
	p.obs.block(t, slot, 3, 5, 200, p.us.key)
}

// Attributes without authorization: this block is another builder's. StopPublish tells the network.
func TestLosingTheAuthorizationStops(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	slot := p.w.next()
	p.us.begin(t, p.w, slot)
	p.us.publish(t, slot, 0, 1, 200)
	if r, err := p.us.TryForkchoice(host.ForkchoiceRequest{Attributes: &host.Attributes{Timestamp: p.w.next()}}); err != nil || r.State != host.Idle {
		t.Fatalf("attributes alone: %s %v, want %s", r.State, err, host.Idle)
	}
	p.riv.kind(t, flblk.StopPublish, p.us.key)
	p.obs.kind(t, flblk.StopPublish, p.us.key)
}

// A bystander replays what it has heard: the rival's Start after its Stop, our own Stop, old Stops. Nothing moves.
func TestReplaysDoNotMoveAnyone(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.us.begin(t, p.w, slot)
	p.us.publish(t, slot, 0, 1, 200)
	start := p.riv.start(t, slot)
	ownStop := p.riv.kind(t, flblk.StopPublish, p.us.key).Raw
	stop := p.riv.stop(t, slot)
	p.us.watch.Until(t, host.Yielded, soon)
	p.us.watch.Until(t, host.Publishing, soon)

	attacker := p.w.subscribe(t, "replayer", p.us.URL)
	for _, raw := range [][]byte{start, stop, ownStop, start} {
		attacker.MustSend(t, flblk.MsgAuthorized, raw)
	}
	p.us.watch.Quiet(t, 700*time.Millisecond)
	p.us.publish(t, slot, 1, 3, 200)

	next := p.w.next()
	p.us.begin(t, p.w, next)
	p.us.watch.Until(t, host.Publishing, soon)
	attacker.MustSend(t, flblk.MsgAuthorized, start) // now of an older slot
	p.us.watch.Quiet(t, 700*time.Millisecond)
	p.us.publish(t, next, 0, 2, 200)
	p.obs.block(t, slot, 0, 3, 200, p.us.key)
	p.obs.block(t, next, 0, 2, 200, p.us.key)
}

// The rival's Stop, heard by a waiting node, counts once: replayed in the next slot it must not clear anybody.
func TestReplayedStopDoesNotClearAWaitingBuilder(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.settle(t)
	slot := p.w.next()
	p.riv.start(t, slot)
	p.riv.publish(t, slot, 0, 1, 200)
	stop := p.riv.stop(t, slot)
	p.obs.block(t, slot, 0, 1, 200, p.riv.key)
	slot = p.w.next()
	p.riv.start(t, slot)
	p.riv.publish(t, slot, 0, 1, 200)
	p.obs.block(t, slot, 0, 1, 200, p.riv.key)
	p.us.Forkchoice(t, p.w.authorize(p.us.key, slot), blockNumber(slot))
	p.us.watch.Until(t, host.Waiting, soon)
	p.w.subscribe(t, "replayer", p.us.URL).MustSend(t, flblk.MsgAuthorized, stop)
	p.us.watch.Quiet(t, 700*time.Millisecond)
}
