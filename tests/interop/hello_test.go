package interop

import (
	"crypto/ecdsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"

	"flblk.test/interop/flblk"
	"flblk.test/interop/peer"
)

// The first message of a devp2p session, wrong in each way, and the reason the node must give.
func TestHelloIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	stranger := peer.NewKey(t)
	cases := []struct {
		name   string
		caps   []p2p.Cap
		alter  func(*peer.Hello)
		reason []p2p.DiscReason // empty: the connection just has to end
	}{
		{"no shared capability", peer.Caps("les/4"), nil, []p2p.DiscReason{p2p.DiscUselessPeer}},
		{"eth but no flblk", peer.Caps("eth/69"), nil, []p2p.DiscReason{p2p.DiscUselessPeer}},
		{"no capability at all", []p2p.Cap{}, nil, []p2p.DiscReason{p2p.DiscUselessPeer}},
		{"identity of somebody else", nil, func(h *peer.Hello) { h.ID = publicBytes(stranger) },
			[]p2p.DiscReason{p2p.DiscUnexpectedIdentity}},
		{"zero identity", nil, func(h *peer.Hello) { h.ID = make([]byte, 64) },
			[]p2p.DiscReason{p2p.DiscInvalidIdentity, p2p.DiscUnexpectedIdentity}},
		{"short identity", nil, func(h *peer.Hello) { h.ID = h.ID[:63] }, nil},
		{"version 4", nil, func(h *peer.Hello) { h.Version = 4 }, []p2p.DiscReason{p2p.DiscIncompatibleVersion}},
		{"over 2048 bytes", nil, func(h *peer.Hello) { h.Name = strings.Repeat("x", 4000) }, nil},
		{"a thousand capabilities", manyCaps(1000), nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			raw, err := peer.TryRaw(t, node.URL, peer.RawConfig{Caps: c.caps, Hello: c.alter})
			why := ""
			if err != nil {
				why = err.Error()
			} else {
				why = raw.MustEnd(t, soon)
			}
			for i, reason := range c.reason {
				if strings.Contains(why, reason.Error()) || errors.Is(err, reason) {
					break
				}
				if i == len(c.reason)-1 {
					t.Fatalf("ended with %q, want one of %v", why, c.reason)
				}
			}
		})
	}
	// and the node is well
	w.subscribe(t, "honest", node.URL)
}

func manyCaps(n uint) (caps []p2p.Cap) {
	for i := range n {
		caps = append(caps, p2p.Cap{Name: "flblk", Version: 100 + i})
	}
	return caps
}

func publicBytes(key *ecdsa.PrivateKey) []byte { return crypto.FromECDSAPub(&key.PublicKey)[1:] }

// What our own Hello says, and the wire ids that follow from every combination of shared capabilities.
func TestOwnHelloAndOffsets(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	cases := []struct {
		caps  []string
		flblk uint64
	}{
		{[]string{"flblk/2"}, 0x10},
		{[]string{"flblk/1"}, 0x10},
		{[]string{"eth/68", "flblk/2"}, 0x21},
		{[]string{"eth/69", "flblk/2"}, 0x22},
		{[]string{"eth/66", "eth/68", "eth/69", "eth/70", "eth/71", "flblk/1", "flblk/2", "snap/1", "aaa/1"}, 0x22},
	}
	for _, c := range cases {
		raw := peer.DialRaw(t, node.URL, peer.RawConfig{Caps: peer.Caps(c.caps...)})
		if raw.Theirs.Version != 5 || raw.Theirs.ListenPort == 0 || raw.Theirs.ListenPort > 65535 || len(raw.Theirs.ID) != 64 {
			t.Fatalf("Hello %+v", raw.Theirs)
		}
		if raw.Flblk != c.flblk {
			t.Fatalf("%v: flblk at %#x, want %#x; the node offers %v", c.caps, raw.Flblk, c.flblk, raw.Theirs.Caps)
		}
		if c.caps[0] == "flblk/1" {
			continue // no control messages there
		}
		raw.Send(raw.Flblk+flblk.MsgRequest, nil) // also before any eth Status, as a reth peer may
		raw.UntilCode(t, "Accept", raw.Flblk+flblk.MsgAccept, soon)
	}
}

func TestPingIsAnsweredAndSent(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	raw := peer.DialRaw(t, node.URL, peer.RawConfig{})
	for range 3 {
		raw.Send(peer.WirePing, []byte{0xc0})
		if m := raw.UntilCode(t, "Pong", peer.WirePong, time.Second); len(m.Body) != 1 || m.Body[0] != 0xc0 {
			t.Fatalf("Pong body %x, want c0", m.Body)
		}
	}
	if m := raw.UntilCode(t, "the node's own Ping", peer.WirePing, 20*time.Second); len(m.Body) != 1 || m.Body[0] != 0xc0 {
		t.Fatalf("Ping body %x, want c0", m.Body)
	}
}

// A peer from which nothing at all arrives is given up, with the reason that says so.
func TestDeadPeerIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "relay")
	raw := peer.DialRaw(t, node.URL, peer.RawConfig{Mute: true})
	if why := raw.MustEnd(t, 60*time.Second); why != p2p.DiscReadTimeout.Error() {
		t.Fatalf("ended with %q, want %q", why, p2p.DiscReadTimeout)
	}
}
