package interop

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// bridge is a foreign relay between two nodes of ours which do not know each other. It forwards the bytes it got.
type bridge struct {
	left, right *peer.Session
	forwarded   chan []byte
}

func startBridge(t *testing.T, left, right string) *bridge {
	t.Helper()
	n := peer.Start(t, peer.Config{Name: "bridge"})
	b := &bridge{left: n.Connect(t, left), right: n.Connect(t, right), forwarded: make(chan []byte, 4096)}
	b.left.Subscribe(t)
	b.right.Subscribe(t)
	go b.copy(b.left, b.right)
	go b.copy(b.right, b.left)
	return b
}

// copy forwards each signed message once.
func (b *bridge) copy(from, to *peer.Session) {
	seen := map[string]bool{}
	for !from.Closed() {
		m, ok := from.Next(100 * time.Millisecond)
		if !ok || m.Code != flblk.MsgAuthorized || seen[string(m.Body)] {
			continue
		}
		seen[string(m.Body)] = true
		if to.Send(flblk.MsgAuthorized, m.Body) != nil {
			return
		}
		select {
		case b.forwarded <- m.Body:
		default:
		}
	}
}

func waitFed(t *testing.T, node *host.Process, id []byte) {
	t.Helper()
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for _, p := range node.Peers(t) {
			if bytes.Equal(p.NodeID, id) && p.ReceivingFrom {
				return
			}
		}
	}
	t.Fatalf("node %s did not subscribe to the foreign node", node.Name)
}

// nextVerified takes the next flashblock of a node's gRPC stream.
func nextVerified(t *testing.T, stream <-chan host.VerifiedFlashblock, what string) host.VerifiedFlashblock {
	t.Helper()
	select {
	case v, ok := <-stream:
		if !ok {
			t.Fatalf("SubscribeFlashblocks ended while waiting for %s", what)
		}
		return v
	case <-time.After(soon):
		t.Fatalf("SubscribeFlashblocks: %s not within %v", what, soon)
		return host.VerifiedFlashblock{}
	}
}

func TestForeignRelayBetweenTwoNodes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher")
	r := w.startRelay(t, "receiver")
	b := startBridge(t, p.URL, r.URL)
	waitFed(t, r, b.right.OwnID)
	stream := r.Flashblocks(t)
	downstream := w.subscribe(t, "downstream", r.URL)
	for range 3 {
		slot := w.next()
		p.begin(t, w, slot)
		p.publish(t, slot, 0, 5, 3000)
		for i := range uint64(5) {
			v := nextVerified(t, stream, "a relayed flashblock")
			checkVerified(t, w, v, slot, i, p.key)
		}
		downstream.block(t, slot, 0, 5, 3000, p.key)
	}
	for i := 0; i < 15; {
		raw := <-b.forwarded
		if m, err := flblk.Open(raw, w.vk()); err != nil {
			t.Fatal(err)
		} else if m.Kind == flblk.Flashblock {
			i++
		}
	}
}

// checkVerified opens the envelope which the node hands to its host and checks it against what it says itself.
func checkVerified(t *testing.T, w *world, v host.VerifiedFlashblock, slot, index uint64, by ed25519.PrivateKey) {
	t.Helper()
	m, err := flblk.Open(v.AuthorizedRLP, w.vk())
	if err != nil {
		t.Fatalf("authorized_rlp does not verify: %v", err)
	}
	if err := checkFlashblock(m, slot, index, 3000, by); err != nil {
		t.Fatal(err)
	}
	if v.Flashblock.Index != index || v.Authorization.Timestamp != slot || v.Own || !bytes.Equal(v.ActorSig, m.ActorSig[:]) {
		t.Fatalf("the node describes flashblock %d of slot %d as %+v", index, slot, v)
	}
}

// What the encoder of another builder may legally do: the relay must forward such bytes untouched, or the signature
// breaks at the next hop.
func TestOddEncodingsAreRelayedByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.startRelay(t, "relay")
	builder := w.startRival(t, r.URL)
	waitFed(t, r, builder.OwnID)
	down := w.subscribe(t, "downstream", r.URL)
	slot := w.next()
	odd := content(slot, 0, 100)
	odd.Metadata = []byte(` {"unknown":[1, 2], "fees":"0x00" } `)
	auth := w.authorize(builder.key, slot)
	auth.Surplus = append(auth.Surplus, []byte{0xc1, 0x05})
	sent := builder.send(t, flblk.Flashblock, odd, auth)
	got := down.UntilCode(t, "the odd flashblock", flblk.MsgAuthorized, soon)
	if !bytes.Equal(got.Body, sent) {
		t.Fatalf("relayed as %x\nsent %x", got.Body, sent)
	}
}

// A hand-off in the middle of a block between two of our nodes whose only link is the foreign relay.
func TestHandOffThroughAForeignRelay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, z := w.startPublisher(t, "a"), w.startPublisher(t, "z")
	b := startBridge(t, a.URL, z.URL)
	waitFed(t, a.Process, b.left.OwnID)
	waitFed(t, z.Process, b.right.OwnID)
	stream := z.Flashblocks(t)
	slot := w.next()
	a.begin(t, w, slot)
	a.publish(t, slot, 0, 3, 3000)
	for i := range uint64(3) {
		checkVerified(t, w, nextVerified(t, stream, "the predecessor's flashblock"), slot, i, a.key)
	}
	z.Forkchoice(t, w.authorize(z.key, slot), blockNumber(slot))
	if e := a.watch.Until(t, host.Yielded, soon); !bytes.Equal(e.RivalVK, public(z.key)) {
		t.Fatalf("yielded to %x", e.RivalVK)
	}
	if e := z.watch.Until(t, host.Publishing, soon); e.NextIndex != 3 || len(e.Flashblocks) != 3 {
		t.Fatalf("resume point %d with %d flashblocks, want 3 and 3", e.NextIndex, len(e.Flashblocks))
	}
	observer := w.subscribe(t, "observer", a.URL)
	z.publish(t, slot, 3, 6, 3000)
	observer.block(t, slot, 0, 3, 3000, a.key)
	observer.block(t, slot, 3, 6, 3000, z.key)
}
