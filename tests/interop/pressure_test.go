package interop

import (
	"testing"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// Peers that break no rule and yet could harm: one that does not read, ones that promise to feed us and do not.

// A subscriber stops reading. Publisher and other subscribers must not notice; the slow one loses whole ends of blocks,
// never a flashblock out of the middle, and is up to date once it reads again.
func TestSlowReaderHarmsNobody(t *testing.T) {
	t.Parallel()
	const indices, size = 4, 200_000
	w := newWorld()
	p := w.startPublisher(t, "publisher", "--peer-queue-bytes=2097152")
	slow := peer.DialRaw(t, p.URL, peer.RawConfig{})
	slow.Send(slow.Flblk+flblk.MsgRequest, nil)
	slow.UntilCode(t, "Accept", slow.Flblk+flblk.MsgAccept, soon)
	fast := w.subscribe(t, "fast", p.URL)
	slow.Freeze()
	first := w.next()
	slot := first
	for began := time.Now(); dropped(t, p.Process) < 3*indices; slot = w.next() {
		if time.Since(began) > 18*time.Second {
			t.Fatal("nothing was dropped for a peer that does not read")
		}
		p.begin(t, w, slot)
		p.publish(t, slot, 0, indices, size)
		fast.block(t, slot, 0, indices, size, p.key)
	}
	slow.Thaw()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, indices, size)
	next := prefixes(t, w, p, slow, slot, indices, size)
	whole, cut := 0, 0
	for s := first; s <= slot; s += 2 {
		if next[s] == indices {
			whole++
		} else {
			cut++
		}
	}
	if t.Logf("%d blocks whole, %d cut", whole, cut); cut < 3 || whole == 0 {
		t.Errorf("%d blocks whole, %d cut; want at least 1 and 3", whole, cut)
	}
}

// dropped counts the flashblocks that the node did not send to slow peers.
func dropped(t *testing.T, node *host.Process) (n uint64) {
	for _, p := range node.Peers(t) {
		n += p.Dropped
	}
	return n
}

// prefixes reads up to the end of the block `final`, of each block an unbroken sequence from index 0, and gives their
// lengths by slot.
func prefixes(t *testing.T, w *world, p *publisher, r *peer.Raw, final, indices uint64, size int) map[uint64]uint64 {
	t.Helper()
	next := map[uint64]uint64{}
	newest := uint64(0)
	for next[final] < indices {
		raw := r.UntilCode(t, "the newest block", r.Flblk+flblk.MsgAuthorized, soon)
		m, err := flblk.Open(raw.Body, w.vk())
		if err != nil {
			t.Fatal(err)
		}
		if m.Kind != flblk.Flashblock {
			continue
		}
		slot := m.Auth.Timestamp
		if slot < newest {
			t.Fatalf("slot %d after slot %d", slot, newest)
		}
		if err := checkFlashblock(m, slot, next[slot], size, p.key); err != nil {
			t.Fatal(err)
		}
		newest = slot
		next[slot]++
	}
	return next
}

// silentFeeds accept every request and never send a flashblock.
func silentFeeds(t *testing.T, url string, n int) {
	t.Helper()
	for range n {
		s := peer.Start(t, peer.Config{Name: "silent"}).Connect(t, url)
		s.UntilCode(t, "the node's request", flblk.MsgRequest, soon)
	}
}

// Every receive slot is taken by a peer that brings nothing; the builder comes later, as a stranger.
func TestSilentFeedsDoNotCutUsOff(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay", "--rotation-interval=2s")
	silentFeeds(t, node.URL, 3)
	builder := &rival{w.subscribe(t, "builder", node.URL), newSigner()}
	builder.UntilCode(t, "the node's request to the one peer that has something", flblk.MsgRequest, 30*time.Second)
	stream := node.Flashblocks(t)
	slot := w.next()
	builder.publish(t, slot, 0, 2, 3000)
	for i := range uint64(2) {
		checkVerified(t, w, nextVerified(t, stream, "the builder's flashblock"), slot, i, builder.key)
	}
}

// The same with a builder that the operator lists as trusted: no rotation has to be waited for.
func TestTrustedFeedNeedsNoFreeSlot(t *testing.T) {
	t.Parallel()
	w := newWorld()
	late := peer.Config{Name: "trusted-builder", Key: peer.NewKey(t)}
	first := peer.Start(t, late)
	url := first.URL()
	late.Listen = first.ListenAddr()
	first.Stop()
	node := w.startRelay(t, "relay", "--trusted-peers="+url)
	silentFeeds(t, node.URL, 3)
	s := peer.Start(t, late).Session(t, 30*time.Second)
	s.UntilCode(t, "the node's request to its trusted peer", flblk.MsgRequest, 5*time.Second)
}
