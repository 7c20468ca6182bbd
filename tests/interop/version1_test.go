package interop

import (
	"testing"

	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// The old version in every role: flashblocks flow unasked, both ways.

// A rival on flblk/1 takes over in the middle of a block and gives it back.
func TestRivalOnFlblk1(t *testing.T) {
	t.Parallel()
	w := newWorld()
	us := w.startPublisher(t, "ours")
	s := peer.Start(t, peer.Config{Name: "old rival", Versions: []uint{1}}).Connect(t, us.URL)
	riv := &rival{&listener{s, w}, newSigner()}
	observer := w.subscribe(t, "observer", us.URL)
	slot := w.next()
	us.begin(t, w, slot)
	us.watch.Until(t, host.Publishing, soon)
	us.publish(t, slot, 0, 3, 200)
	riv.block(t, slot, 0, 3, 200, us.key)

	riv.start(t, slot)
	us.watch.Until(t, host.Yielded, soon)
	riv.publish(t, slot, 3, 6, 200)
	observer.block(t, slot, 0, 3, 200, us.key)
	observer.block(t, slot, 3, 6, 200, riv.key)
	riv.stop(t, slot)
	if e := us.watch.Until(t, host.Publishing, soon); e.NextIndex != 6 {
		t.Fatalf("resumed at index %d, want 6", e.NextIndex)
	}
	us.publish(t, slot, 6, 8, 200)
	observer.block(t, slot, 6, 8, 200, us.key)
	riv.block(t, slot, 6, 8, 200, us.key)
}

// A relay that speaks flblk/1 to the publisher and flblk/2 to the receiver, and the other way round.
func TestRelayBetweenTheVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		left, right uint
	}{{"1 to 2", 1, 2}, {"2 to 1", 2, 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			p, r := w.startPublisher(t, "publisher"), w.startRelay(t, "receiver")
			end := func(version uint, url string) *peer.Session {
				s := peer.Start(t, peer.Config{Name: "bridge", Versions: []uint{version}}).Connect(t, url)
				if version > 1 {
					s.Subscribe(t)
				}
				return s
			}
			b := &bridge{left: end(c.left, p.URL), right: end(c.right, r.URL), forwarded: make(chan []byte, 4096)}
			if c.right > 1 {
				waitFed(t, r, b.right.OwnID)
			}
			go b.copy(b.left, b.right)
			stream := r.Flashblocks(t)
			for range 2 {
				slot := w.next()
				p.begin(t, w, slot)
				p.publish(t, slot, 0, 4, 3000)
				for i := range uint64(4) {
					checkVerified(t, w, nextVerified(t, stream, "a relayed flashblock"), slot, i, p.key)
				}
			}
		})
	}
}
