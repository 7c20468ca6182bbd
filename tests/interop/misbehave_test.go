package interop

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"testing"
	"time"

	"github.com/golang/snappy"

	"flblk.test/interop/flblk"
	"flblk.test/interop/peer"
)

// Misbehaviour, each kind on its own connection to a relay node through which an honest stream flows. Every case ends
// with the culprit dropped within dropLimit; the honest stream must not lose, alter or gain a message.

const (
	dropLimit = 15 * time.Second
	attempts  = 200 // of an offence that need not end the connection at once
)

// offence acts on a connection until told to stop; act is called up to `attempts` times.
type offence struct {
	name string
	caps []string
	act  func(c *calm, r *peer.Raw) error
}

func (c *calm) sign(key ed25519.PrivateKey, kind flblk.Kind, p *flblk.Payload, slot uint64) []byte {
	return flblk.Sign(key, kind, p, c.w.authorize(key, slot))
}

// authorized sends one body under flblk message 0.
func authorized(make func(c *calm) []byte) func(*calm, *peer.Raw) error {
	return func(c *calm, r *peer.Raw) error { return r.Send(r.Flblk+flblk.MsgAuthorized, make(c)) }
}

func frameData(id func(*peer.Raw) uint64, data []byte) func(*calm, *peer.Raw) error {
	return func(_ *calm, r *peer.Raw) error { return r.SendFrame(id(r), data) }
}

func flblkID(r *peer.Raw) uint64 { return r.Flblk }

// declared is a snappy block that claims `n` bytes and holds a few.
func declared(n uint64) []byte {
	return append(binary.AppendUvarint(nil, n), 0x0c, 1, 2, 3, 4)
}

func offences() []offence {
	thief := newSigner()
	return []offence{
		{"bad builder signature", nil, authorized(func(c *calm) []byte {
			slot := c.newest.Load()
			msg, _ := flblk.EncodeMsg(flblk.Flashblock, content(slot, 0, 100))
			auth := c.w.authorize(c.builder.key, slot)
			return flblk.SignItems(thief, msg, auth.RLP())
		})},
		{"bad builder signature on StopPublish", nil, authorized(func(c *calm) []byte {
			auth := c.w.authorize(c.builder.key, c.newest.Load())
			return flblk.SignItems(thief, []byte{0xc1, 0x02}, auth.RLP())
		})},
		{"bad authorizer signature", nil, authorized(func(c *calm) []byte {
			slot := c.newest.Load()
			auth := flblk.Authorize(thief, payloadID(slot), slot, public(thief))
			return flblk.Sign(thief, flblk.Flashblock, content(slot, 0, 100), auth)
		})},
		{"stale authorization", nil, authorized(func(c *calm) []byte {
			return c.sign(thief, flblk.Flashblock, content(c.newest.Load()-300, 0, 100), c.newest.Load()-300)
		})},
		{"stale StartPublish", nil, authorized(func(c *calm) []byte {
			return c.sign(thief, flblk.StartPublish, nil, c.newest.Load()-300)
		})},
		{"malformed RLP", nil, authorized(func(*calm) []byte { return []byte{0xf8, 0xff, 0x01} })},
		{"empty list", nil, authorized(func(*calm) []byte { return []byte{0xc0} })},
		{"empty message", nil, authorized(func(*calm) []byte { return nil })},
		{"deeply nested lists", nil, authorized(func(*calm) []byte { return bytes.Repeat([]byte{0xf9, 0xff, 0xff}, 20000) })},
		{"unknown tag", nil, authorized(func(c *calm) []byte {
			auth := c.w.authorize(thief, c.newest.Load())
			return flblk.SignItems(thief, []byte{0xc1, 0x07}, auth.RLP())
		})},
		{"undecodable flashblock", nil, authorized(func(c *calm) []byte {
			auth := c.w.authorize(thief, c.newest.Load())
			return flblk.SignItems(thief, []byte{0xc3, 0x80, 0xc1, 0x05}, auth.RLP())
		})},
		{"id beyond flblk/2", nil, func(_ *calm, r *peer.Raw) error { return r.Send(r.Flblk+5, []byte{0xc0}) }},
		{"id beyond flblk/1", []string{"flblk/1"}, func(_ *calm, r *peer.Raw) error { return r.Send(r.Flblk+1, nil) }},
		{"id far out of range", nil, func(_ *calm, r *peer.Raw) error { return r.Send(0x7f, nil) }},
		{"huge id", nil, func(_ *calm, r *peer.Raw) error { return r.Send(1<<40, nil) }},
		{"second Hello", nil, func(_ *calm, r *peer.Raw) error { return r.Send(peer.WireHello, []byte{0xc0}) }},
		{"frame without payload", nil, frameData(flblkID, nil)},
		{"snappy claims 4 GiB", nil, frameData(flblkID, declared(1<<32-1))},
		{"snappy claims 16 MiB", nil, frameData(flblkID, declared(1<<24))},
		{"snappy claims more than it holds", nil, frameData(flblkID, declared(1000))},
		{"snappy length never ends", nil, frameData(flblkID, bytes.Repeat([]byte{0xff}, 32))},
		{"message over 16 MiB", nil, frameData(flblkID, snappy.Encode(nil, make([]byte, 1<<24)))},
		{"flood of Requests", nil, func(_ *calm, r *peer.Raw) error { return r.Send(r.Flblk+flblk.MsgRequest, nil) }},
		{"flood of Cancels", nil, func(_ *calm, r *peer.Raw) error { return r.Send(r.Flblk+flblk.MsgCancel, nil) }},
		{"flood of Accepts", nil, func(_ *calm, r *peer.Raw) error { return r.Send(r.Flblk+flblk.MsgAccept, nil) }},
	}
}

func TestMisbehavingPeersAreDropped(t *testing.T) {
	t.Parallel()
	c := startCalm(t)
	t.Run("cases", func(t *testing.T) {
		for _, o := range offences() {
			t.Run(o.name, func(t *testing.T) { c.commit(t, o) })
		}
	})
	c.undisturbed(t)
}

// commit repeats the offence until the node ends the connection.
func (c *calm) commit(t *testing.T, o offence) {
	cfg := peer.RawConfig{}
	if o.caps != nil {
		cfg.Caps = peer.Caps(o.caps...)
	}
	r := peer.DialRaw(t, c.node.URL, cfg)
	start := time.Now()
	n := 0
	for ; n < attempts && time.Since(start) < dropLimit; n++ {
		if o.act(c, r) != nil {
			break // the socket is gone
		}
		if _, ended := r.Ended(5 * time.Millisecond); ended {
			break
		}
	}
	why, ended := r.Ended(max(time.Second, dropLimit-time.Since(start)))
	if !ended {
		t.Fatalf("still connected after %d times", n+1)
	}
	t.Logf("dropped after %d times: %s", n+1, why)
}

// Bytes which are no frame, at each stage of the connection.
func TestGarbageOnTheSocket(t *testing.T) {
	t.Parallel()
	c := startCalm(t)
	noise := bytes.Repeat([]byte{0x5a, 0xff, 0x00, 0x13}, 256)

	before := peer.DialTCP(t, c.node.URL)
	if _, err := before.Write(append([]byte{0x01, 0x00}, noise...)); err != nil {
		t.Fatal(err)
	}
	oversize := peer.DialTCP(t, c.node.URL)
	if _, err := oversize.Write([]byte{0xff, 0xff, 0x04}); err != nil { // an auth packet of 65535 bytes
		t.Fatal(err)
	}
	for _, conn := range []interface {
		SetReadDeadline(time.Time) error
		Read([]byte) (int, error)
	}{before, oversize} {
		conn.SetReadDeadline(time.Now().Add(dropLimit))
		buf := make([]byte, 4096)
		for {
			if _, err := conn.Read(buf); err != nil {
				if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
					t.Fatal("garbage instead of a handshake: still connected")
				}
				break
			}
		}
	}

	after := peer.DialRaw(t, c.node.URL, peer.RawConfig{})
	if _, err := after.Conn.Write(noise); err != nil {
		t.Fatal(err)
	}
	after.MustEnd(t, dropLimit)
	c.undisturbed(t)
}

// A connection that opens and says nothing must not be kept.
func TestSilentConnectionIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	conn := peer.DialTCP(t, node.URL)
	conn.SetReadDeadline(time.Now().Add(25 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("the node spoke first")
	} else if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
		t.Fatal("a connection without handshake is still open after 25 s")
	}
}

// More connections than one peer should need, all half-open: the honest stream goes on.
func TestManyHalfOpenConnections(t *testing.T) {
	t.Parallel()
	c := startCalm(t, "--max-pending-peers=20")
	for range 200 {
		peer.DialTCP(t, c.node.URL)
	}
	c.undisturbed(t)
}

// Two different flashblocks for one index: the first is relayed, the second is not, and the honest messenger of the
// second is not punished, for it cannot know.
func TestEquivocationIsNotRelayed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	builder := w.startRival(t, node.URL)
	waitFed(t, node, builder.OwnID)
	messenger := w.subscribe(t, "messenger", node.URL)
	waitFed(t, node, messenger.OwnID)
	down := w.subscribe(t, "downstream", node.URL)
	slot := w.next()
	builder.publish(t, slot, 0, 2, 100)
	down.block(t, slot, 0, 2, 100, builder.key)
	for i := range uint64(20) {
		other := content(slot, i%2, 100)
		other.Diff.GasUsed += 1 + i
		messenger.MustSend(t, flblk.MsgAuthorized, flblk.Sign(builder.key, flblk.Flashblock, other, w.authorize(builder.key, slot)))
	}
	down.silence(t, 500*time.Millisecond)
	builder.publish(t, slot, 2, 4, 100)
	down.block(t, slot, 2, 4, 100, builder.key)
	if messenger.Closed() {
		t.Fatal("the messenger of an equivocation was dropped")
	}
}

// An authorizer with a wrong clock: a message from the far future must not make everything after it stale.
func TestFutureAuthorizationIsIgnored(t *testing.T) {
	t.Parallel()
	c := startCalm(t)
	s := c.w.subscribe(t, "time-traveller", c.node.URL)
	key := newSigner()
	future := uint64(time.Now().Unix()) + 3600
	for _, kind := range []flblk.Kind{flblk.StartPublish, flblk.Flashblock, flblk.StopPublish} {
		var p *flblk.Payload
		if kind == flblk.Flashblock {
			p = content(future, 0, 100)
		}
		s.MustSend(t, flblk.MsgAuthorized, flblk.Sign(key, kind, p, c.w.authorize(key, future)))
	}
	c.undisturbed(t)
	if s.Closed() {
		t.Fatal("the messenger was dropped")
	}
}

// Copies of what is known cost the node little and change nothing.
func TestDuplicatesAreNotRelayed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	builder := w.startRival(t, node.URL)
	waitFed(t, node, builder.OwnID)
	second := w.subscribe(t, "second-feed", node.URL)
	waitFed(t, node, second.OwnID)
	down := w.subscribe(t, "downstream", node.URL)
	slot := w.next()
	for i := range uint64(5) {
		raw := flblk.Sign(builder.key, flblk.Flashblock, content(slot, i, 100), w.authorize(builder.key, slot))
		builder.MustSend(t, flblk.MsgAuthorized, raw)
		second.MustSend(t, flblk.MsgAuthorized, raw)
	}
	down.block(t, slot, 0, 5, 100, builder.key)
	down.silence(t, 500*time.Millisecond)
	if second.Closed() || builder.Closed() {
		t.Fatal("an honest feed was dropped for a duplicate")
	}
}
