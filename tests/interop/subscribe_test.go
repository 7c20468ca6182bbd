package interop

import (
	"bytes"
	"testing"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/peer"
)

// A foreign node subscribes to our publisher: signatures, order, content, whole blocks over several slots.

func TestForeignSubscriberFlblk2(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	sub := w.subscribe(t, "subscriber", p.URL)
	first := w.next()
	p.begin(t, w, first)
	if m := sub.next(t, "StartPublish", soon); m.Kind != flblk.StartPublish || m.Auth.Timestamp != first {
		t.Fatalf("the first message is a %v for slot %d, want a StartPublish for %d", m.Kind, m.Auth.Timestamp, first)
	}
	for slot := first; ; {
		p.publish(t, slot, 0, 10, 2000)
		sub.block(t, slot, 0, 10, 2000, p.key)
		if slot == first+6 {
			break
		}
		slot = w.next()
		p.begin(t, w, slot)
	}
}

func TestForeignSubscriberFlblk1(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	s := peer.Start(t, peer.Config{Name: "old", Versions: []uint{1}}).Connect(t, p.URL)
	if s.Version != 1 {
		t.Fatalf("negotiated flblk/%d, want 1", s.Version)
	}
	sub := &listener{s, w}
	for range 3 {
		slot := w.next()
		p.begin(t, w, slot)
		p.publish(t, slot, 0, 5, 2000)
		sub.block(t, slot, 0, 5, 2000, p.key)
	}
}

func TestBothVersionsOfferedNegotiatesTwo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	s := peer.Start(t, peer.Config{Name: "both", Versions: []uint{1, 2}}).Connect(t, p.URL)
	if s.Version != 2 {
		t.Fatalf("negotiated flblk/%d, want 2", s.Version)
	}
}

// flblk/2 feeds only those who asked: Start and Stop go to everyone, flashblocks do not.
func TestNoFlashblocksWithoutRequestOrAfterCancel(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	s := peer.Start(t, peer.Config{Name: "shy"}).Connect(t, p.URL)
	l := &listener{s, w}
	slot := w.next()
	p.begin(t, w, slot)
	l.kind(t, flblk.StartPublish, p.key)
	p.publish(t, slot, 0, 3, 100)
	l.silence(t, 500*time.Millisecond)

	s.Subscribe(t)
	l.block(t, slot, 0, 3, 100, p.key) // what the block holds so far, before anything new
	p.publish(t, slot, 3, 5, 100)
	l.block(t, slot, 3, 5, 100, p.key)
	s.MustSend(t, flblk.MsgCancel, nil)
	time.Sleep(200 * time.Millisecond) // frames in flight are legal
	for {
		if _, more := s.Next(time.Millisecond); !more {
			break
		}
	}
	p.publish(t, slot, 5, 8, 100)
	l.silence(t, 500*time.Millisecond)
	if s.Closed() {
		t.Fatal("the session ended")
	}
}

// Go's p2p.Send writes control messages with an empty list; what follows a control id is ignored.
func TestControlMessagesWithBody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	s := peer.Start(t, peer.Config{Name: "wordy"}).Connect(t, p.URL)
	s.MustSend(t, flblk.MsgRequest, []byte{0xc0})
	s.UntilCode(t, "Accept", flblk.MsgAccept, soon)
	slot := w.next()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 2, 100)
	(&listener{s, w}).block(t, slot, 0, 2, 100, p.key)
}

func TestLateSubscriberGetsTheRunningBlock(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	old, slot := w.next(), w.next()
	p.begin(t, w, old)
	p.publish(t, old, 0, 3, 500)
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 6, 500)
	sub := w.subscribe(t, "late", p.URL)
	sub.block(t, slot, 0, 6, 500, p.key)
	p.publish(t, slot, 6, 9, 500)
	sub.block(t, slot, 6, 9, 500, p.key)
}

func TestLargeFlashblocks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	sub := w.subscribe(t, "subscriber", p.URL)
	slot := w.next()
	p.begin(t, w, slot)
	for i, size := range []int{1 << 20, 3 << 20, 100} {
		p.publish(t, slot, uint64(i), uint64(i)+1, size)
		sub.block(t, slot, uint64(i), uint64(i)+1, size, p.key)
	}
}

// The send set is bounded; a trusted peer is served beyond the bound.
func TestSendSetIsBoundedAndTrustedPeersAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	friend := peer.Start(t, peer.Config{Name: "friend"})
	p := w.startPublisher(t, "publisher", "--max-send-peers=1", "--trusted-peers="+friend.URL())
	fed := w.subscribe(t, "first", p.URL)
	second := peer.Start(t, peer.Config{Name: "second"}).Connect(t, p.URL)
	second.MustSend(t, flblk.MsgRequest, nil)
	answer := second.Until(t, "Accept or Reject", soon, func(m peer.Msg) bool {
		return m.Code == flblk.MsgAccept || m.Code == flblk.MsgReject
	})
	if answer.Code != flblk.MsgReject {
		t.Fatal("a second untrusted peer was accepted with --max-send-peers=1")
	}
	trusted := friend.Session(t, soon)
	trusted.Subscribe(t)
	slot := w.next()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 3, 100)
	fed.block(t, slot, 0, 3, 100, p.key)
	(&listener{trusted, w}).block(t, slot, 0, 3, 100, p.key)
}

// Metadata: canonical JSON with our stamp where the host gives none, byte for byte where it gives text.
func TestMetadataIsStampedOrKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	sub := w.subscribe(t, "subscriber", p.URL)
	slot := w.next()
	p.begin(t, w, slot)
	before := time.Now()
	stamped := delta(content(slot, 0, 10))
	stamped.Flashblock.MetadataJSON = ""
	p.stream.Must(t, stamped)
	sub.kind(t, flblk.StartPublish, p.key)
	checkStamp(t, sub.next(t, "stamped flashblock", soon).Payload.Metadata, before)

	odd := content(slot, 1, 10)
	odd.Metadata = []byte(`{ "fees" : "0x00", "later":[1,2] }`)
	p.stream.Must(t, delta(odd))
	if got := sub.next(t, "flashblock with raw metadata", soon).Payload.Metadata; !bytes.Equal(got, odd.Metadata) {
		t.Fatalf("metadata %s, want %s", got, odd.Metadata)
	}
}
