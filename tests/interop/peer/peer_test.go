package peer

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/rlp"

	"flblk.test/interop/flblk"
)

// The foreign implementation against itself: what these tests show broken is our own fault, not the node's.

const limit = 10 * time.Second

func testChain() EthChain {
	return EthChain{NetworkID: 480, Genesis: [32]byte{1}, ForkHash: [4]byte{0x8f, 0x0e, 0x4e, 0xe7}, Head: [32]byte{2}, HeadNum: 9}
}

func TestSubscribeBetweenForeignNodes(t *testing.T) {
	for _, version := range []uint{1, 2} {
		a := Start(t, Config{Name: "a", Versions: []uint{version}})
		b := Start(t, Config{Name: "b", Versions: []uint{1, version}})
		out := b.Connect(t, a.URL())
		in := a.Session(t, limit)
		if in.Version != version || out.Version != version {
			t.Fatalf("negotiated %d and %d, want %d", in.Version, out.Version, version)
		}
		if version == 2 {
			out.Subscribe(t)
		}
		authorizer := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
		builder := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
		auth := flblk.Authorize(authorizer, [8]byte{3}, 77, builder.Public().(ed25519.PublicKey))
		sent := flblk.Sign(builder, flblk.Flashblock, &flblk.Payload{PayloadID: [8]byte{3}, Metadata: []byte("{}")}, auth)
		in.MustSend(t, flblk.MsgAuthorized, sent)
		got := out.UntilCode(t, "flashblock", flblk.MsgAuthorized, limit)
		m, err := flblk.Open(got.Body, authorizer.Public().(ed25519.PublicKey))
		if err != nil || m.Kind != flblk.Flashblock || !bytes.Equal(got.Body, sent) {
			t.Fatalf("flblk/%d: %v", version, err)
		}
	}
}

func TestEthBetweenForeignNodes(t *testing.T) {
	for _, version := range []uint{68, 69} {
		a := Start(t, Config{Name: "a", Eth: []uint{version}, Status: testChain(), NeedEth: true})
		b := Start(t, Config{Name: "b", Eth: []uint{68, 69}, Status: testChain(), NeedEth: true})
		b.Connect(t, a.URL())
		eth := a.EthSession(t, limit)
		if eth.Version != version || eth.Remote.NetworkID != 480 || eth.Remote.Head != testChain().Head {
			t.Fatalf("eth/%d: remote status %+v", eth.Version, eth.Remote)
		}
		eth.MustBeFaultless(t)
	}
}

func TestForeignNodeRefusesAsRethDoes(t *testing.T) {
	a := Start(t, Config{Name: "a", Eth: []uint{69}, Status: testChain(), NeedEth: true})
	without := Start(t, Config{Name: "without-eth"})
	without.Dial(t, a.URL())
	without.AnyDropped(t, limit)
	other := testChain()
	other.NetworkID++
	wrong := Start(t, Config{Name: "wrong-network", Eth: []uint{69}, Status: other})
	wrong.Dial(t, a.URL())
	wrong.AnyDropped(t, limit)
}

func TestRawConnectionAndOffsets(t *testing.T) {
	cases := []struct {
		caps       []string
		flblk, eth uint64
	}{
		{[]string{"flblk/2"}, 0x10, 0},
		{[]string{"eth/68", "flblk/2"}, 0x21, 0x10},
		{[]string{"eth/68", "eth/69", "flblk/1", "flblk/2", "snap/1"}, 0x22, 0x10},
	}
	a := Start(t, Config{Name: "a", Versions: []uint{1, 2}, Eth: []uint{68, 69}, Status: testChain()})
	for _, c := range cases {
		raw := DialRaw(t, a.URL(), RawConfig{Caps: Caps(c.caps...)})
		if raw.Flblk != c.flblk || raw.Eth != c.eth {
			t.Fatalf("%v: offsets %#x and %#x", c.caps, raw.Flblk, raw.Eth)
		}
		if raw.Eth != 0 {
			body, _ := rlp.EncodeToBytes(testChain().encodable(raw.EthVer))
			raw.Send(raw.Eth, body)
		}
		s := a.Session(t, limit)
		raw.Send(raw.Flblk+flblk.MsgRequest, nil)
		s.UntilCode(t, "request", flblk.MsgRequest, limit)
		raw.UntilCode(t, "accept", raw.Flblk+flblk.MsgAccept, limit)
		raw.Send(WirePing, []byte{0xc0})
		raw.UntilCode(t, "pong", WirePong, limit)
	}
}

func TestRawConnectionSeesTheReason(t *testing.T) {
	a := Start(t, Config{Name: "a"})
	raw := DialRaw(t, a.URL(), RawConfig{})
	a.Session(t, limit)
	a.Stop()
	if why := raw.MustEnd(t, limit); why != "client quitting" {
		t.Fatalf("ended with %q", why)
	}
	useless := Start(t, Config{Name: "useless"})
	raw, err := TryRaw(t, useless.URL(), RawConfig{Caps: Caps("other/1")})
	if err == nil {
		if why := raw.MustEnd(t, limit); why != "useless peer" {
			t.Fatalf("ended with %q", why)
		}
	}
}
