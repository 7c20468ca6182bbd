//go:build worldchain

package interop

import (
	"bytes"
	"testing"
	"time"

	"flblk.test/interop/host"
)

// The reference subscribes to our publisher: whole blocks over several slots, in order, content as the host gave it.
func TestWorldChainSubscribes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	us := w.startPublisher(t, "ours")
	ref := w.startReference(t, false)
	ref.connect(t, us.URL)
	waitSending(t, us.Process, 1)
	for range 4 {
		slot := w.next()
		us.begin(t, w, slot)
		us.publish(t, slot, 0, 6, 20_000)
		ref.block(t, slot, 0, 6, 20_000)
	}
	ref.untroubled(t, us.URL)
}

// We dial the reference and subscribe to it.
func TestWeSubscribeToWorldChain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ref := w.startReference(t, true)
	us := w.startRelay(t, "ours", "--trusted-peers="+ref.URL)
	ref.await(t, "up ", soon)
	waitFedBy(t, us, 1)
	stream := us.Flashblocks(t)
	for range 3 {
		slot := w.next()
		ref.start(t, slot)
		ref.publish(t, slot, 0, 5, 20_000)
		takeBlock(t, stream, slot, 0, 5, public(ref.key))
	}
	ref.untroubled(t, us.URL)
}

// startBuilders joins a builder of the reference's and an observing reference at a builder of ours.
func startBuilders(t *testing.T) (w *world, us *publisher, ref, observer *reference) {
	t.Helper()
	w = newWorld()
	us = w.startPublisher(t, "ours")
	ref, observer = w.startReference(t, true), w.startReference(t, false)
	ref.connect(t, us.URL)
	observer.connect(t, us.URL)
	waitFedBy(t, us.Process, 1)
	waitSending(t, us.Process, 2)
	return w, us, ref, observer
}

// The reference publishes; our host is authorized mid-block, waits for its StopPublish and continues at the next index.
// Another reference sees one block without gap.
func TestWorldChainYieldsToUs(t *testing.T) {
	t.Parallel()
	w, us, ref, observer := startBuilders(t)

	slot := w.next()
	ref.start(t, slot)
	ref.status(t, "publishing")
	ref.publish(t, slot, 0, 3, 500)
	observer.block(t, slot, 0, 3, 500)

	us.Forkchoice(t, w.authorize(us.key, slot), blockNumber(slot))
	cleared := us.watch.Until(t, host.Publishing, soon)
	if cleared.NextIndex != 3 || len(cleared.Flashblocks) != 3 {
		t.Fatalf("cleared at %d with %d flashblocks, want 3 and 3", cleared.NextIndex, len(cleared.Flashblocks))
	}
	ref.status(t, "idle")
	us.publish(t, slot, 3, 6, 500)
	observer.block(t, slot, 3, 6, 500)
	ref.block(t, slot, 0, 6, 500)
	ref.untroubled(t, us.URL)
	observer.untroubled(t, us.URL)
}

// We publish; the reference is authorized mid-block, announces itself, and publishes after our StopPublish.
func TestWeYieldToWorldChain(t *testing.T) {
	t.Parallel()
	w, us, ref, observer := startBuilders(t)

	slot := w.next()
	us.begin(t, w, slot)
	us.publish(t, slot, 0, 3, 500)
	ref.block(t, slot, 0, 3, 500)
	ref.start(t, slot)
	event := us.watch.Until(t, host.Yielded, soon)
	if !bytes.Equal(event.RivalVK, public(ref.key)) {
		t.Fatalf("yielded to %x", event.RivalVK)
	}
	ref.status(t, "publishing")
	ref.publish(t, slot, 3, 6, 500)
	observer.block(t, slot, 0, 6, 500)
	ref.untroubled(t, us.URL)
}

// Turns over several slots, each change in the middle of a block.
func TestWorldChainAndWeTakeTurns(t *testing.T) {
	t.Parallel()
	w, us, ref, observer := startBuilders(t)

	slot := w.next()
	us.begin(t, w, slot)
	us.watch.Until(t, host.Publishing, soon)
	for range 4 {
		us.publish(t, slot, 0, 2, 500)
		ref.block(t, slot, 0, 2, 500)
		ref.start(t, slot)
		us.watch.Until(t, host.Yielded, soon)
		ref.status(t, "publishing")
		ref.publish(t, slot, 2, 4, 500)
		observer.block(t, slot, 0, 4, 500)

		slot = w.next()
		ref.start(t, slot) // renewed
		ref.publish(t, slot, 0, 2, 500)
		observer.block(t, slot, 0, 2, 500)
		us.Forkchoice(t, w.authorize(us.key, slot), blockNumber(slot))
		us.watch.Until(t, host.Publishing, soon)
		ref.status(t, "idle")
		us.publish(t, slot, 2, 4, 500)
		observer.block(t, slot, 2, 4, 500)
		ref.block(t, slot-2, 2, 4, 500)
		ref.block(t, slot, 0, 4, 500)

		slot = w.next()
		us.begin(t, w, slot)
	}
	ref.untroubled(t, us.URL)
}

// The silent predecessor: the reference publishes and is never heard again; we take over at the next block.
func TestWeReplaceASilentWorldChain(t *testing.T) {
	t.Parallel()
	w, us, ref, observer := startBuilders(t)
	slot := w.next()
	ref.start(t, slot)
	ref.publish(t, slot, 0, 3, 500)
	observer.block(t, slot, 0, 3, 500)
	ref.in.Close() // it ends
	slot = w.next()
	us.Forkchoice(t, w.authorize(us.key, slot), blockNumber(slot))
	for { // waiting in the first slot, publishing in the second at the latest
		if r := us.stream.Try(t, delta(content(slot, 0, 500))); r.Code == 0 {
			break
		}
		slot = w.next()
		us.Forkchoice(t, w.authorize(us.key, slot), blockNumber(slot))
	}
	us.publish(t, slot, 1, 4, 500)
	observer.block(t, slot, 0, 4, 500)
}

// The reference is the only link between two nodes of ours: it forwards our flashblocks.
func TestWorldChainRelays(t *testing.T) {
	t.Parallel()
	w := newWorld()
	us := w.startPublisher(t, "ours")
	ref := w.startReference(t, false)
	ref.connect(t, us.URL)
	far := w.startRelay(t, "far", "--trusted-peers="+ref.URL)
	ref.await(t, "up ", soon)
	waitFedBy(t, far, 1)
	waitSending(t, us.Process, 1)
	stream := far.Flashblocks(t)
	for range 3 {
		slot := w.next()
		us.begin(t, w, slot)
		us.publish(t, slot, 0, 6, 100_000)
		takeBlock(t, stream, slot, 0, 6, public(us.key))
	}
	ref.untroubled(t, us.URL)
}

// A quiet session outlives reth's pings and our eth companion's answers.
func TestWorldChainSessionLasts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	us := w.startPublisher(t, "ours")
	ref := w.startReference(t, false)
	ref.connect(t, us.URL)
	waitSending(t, us.Process, 1)
	time.Sleep(45 * time.Second)
	slot := w.next()
	us.begin(t, w, slot)
	us.publish(t, slot, 0, 3, 500)
	ref.block(t, slot, 0, 3, 500)
	ref.untroubled(t, us.URL)
}

// waitSending waits until a node feeds `count` peers.
func waitSending(t *testing.T, node *host.Process, count int) {
	t.Helper()
	waitPeers(t, node, count, "fed by us", func(p host.Peer) bool { return p.SendingTo })
}

// waitFedBy waits until `count` peers feed a node.
func waitFedBy(t *testing.T, node *host.Process, count int) {
	t.Helper()
	waitPeers(t, node, count, "that feed us", func(p host.Peer) bool { return p.ReceivingFrom })
}

func waitPeers(t *testing.T, node *host.Process, count int, what string, which func(host.Peer) bool) {
	t.Helper()
	for deadline := time.Now().Add(soon); ; time.Sleep(20 * time.Millisecond) {
		got := 0
		peers := node.Peers(t)
		for _, p := range peers {
			if which(p) {
				got++
			}
		}
		if got >= count {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("node %s: %d peers %s, want %d; peers: %+v", node.Name, got, what, count, peers)
		}
	}
}

// takeBlock takes the flashblocks from..to-1 of a slot from a node's own ordered stream.
func takeBlock(t *testing.T, stream <-chan host.VerifiedFlashblock, slot, from, to uint64, by []byte) {
	t.Helper()
	for i := from; i < to; i++ {
		select {
		case f := <-stream:
			if f.Flashblock.Index != i || f.Authorization.Timestamp != slot || !bytes.Equal(f.Authorization.BuilderVK, by) {
				t.Fatalf("got index %d of slot %d by %x, want %d of %d by %x", f.Flashblock.Index, f.Authorization.Timestamp,
					f.Authorization.BuilderVK, i, slot, by)
			}
		case <-time.After(soon):
			t.Fatalf("flashblock %d of slot %d does not come", i, slot)
		}
	}
}
