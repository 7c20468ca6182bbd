package interop

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/rlp"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// The `eth` companion, against a foreign node that treats us as reth does: no shared `eth` or a wrong Status and we
// are gone; requests for headers, bodies and receipts must be answered, and nothing forbidden may ever be sent.

func chain() peer.EthChain {
	return peer.EthChain{NetworkID: 480, Genesis: [32]byte{0x70, 0xd3}, ForkHash: [4]byte{0x8f, 0x0e, 0x4e, 0xe7},
		Head: [32]byte{0xaa}, HeadNum: 1234}
}

func chainFlags(c peer.EthChain) []string {
	return []string{fmt.Sprintf("--network-id=%d", c.NetworkID), fmt.Sprintf("--genesis=%x", c.Genesis),
		fmt.Sprintf("--fork-hash=%x", c.ForkHash)}
}

func rethLike(name string, versions ...uint) peer.Config {
	return peer.Config{Name: name, Eth: versions, Status: chain(), NeedEth: true}
}

func TestEthCompanion(t *testing.T) {
	t.Parallel()
	for _, flags := range map[string][]string{"configured": chainFlags(chain()), "mirrored": nil} {
		for _, version := range []uint{69, 68} {
			w := newWorld()
			p := w.startPublisher(t, "publisher", flags...)
			reth := peer.Start(t, rethLike("reth", version))
			session := reth.Connect(t, p.URL)
			eth := reth.EthSession(t, soon)
			if eth.Version != version || eth.Remote.Genesis != chain().Genesis {
				t.Fatalf("eth/%d, remote status %+v", eth.Version, eth.Remote)
			}
			askEverything(t, eth)
			session.Subscribe(t)
			slot := w.next()
			p.begin(t, w, slot)
			p.publish(t, slot, 0, 5, 2000)
			(&listener{session, w}).block(t, slot, 0, 5, 2000, p.key)
			eth.MustBeFaultless(t)
			checkListed(t, p.Process, version)
		}
	}
}

func checkListed(t *testing.T, node *host.Process, eth uint) {
	t.Helper()
	for _, p := range node.Peers(t) {
		if p.EthVersion != uint32(eth) || p.FlblkVersion != 2 || !strings.HasPrefix(p.ClientID, "flblk-interop/") {
			t.Fatalf("the node lists its peer as %+v", p)
		}
	}
}

// askEverything sends what reth sends during a session, and wants the empty answers.
func askEverything(t *testing.T, eth *peer.EthSession) {
	t.Helper()
	block := [32]byte{0xbb}
	noise := map[uint64]any{
		peer.EthTransactions:    []any{},
		peer.EthNewPooledHashes: []any{[]byte{2}, []uint{100}, [][32]byte{block}},
	}
	if eth.Version >= 69 {
		noise[peer.EthBlockRangeUpdate] = []any{uint(1), uint(2000), block}
	}
	for code, body := range noise {
		sendRLP(t, eth, code, body)
	}
	requests := []struct {
		ask, answer uint64
		body        any
	}{
		{peer.EthGetBlockHeaders, peer.EthBlockHeaders, []any{block, uint(10), uint(0), uint(0)}},
		{peer.EthGetBlockHeaders, peer.EthBlockHeaders, []any{uint(1234), uint(192), uint(0), uint(1)}},
		{peer.EthGetBlockBodies, peer.EthBlockBodies, []any{block, block}},
		{peer.EthGetPooledTxs, peer.EthPooledTxs, []any{block}},
		{peer.EthGetReceipts, peer.EthReceipts, []any{block}},
	}
	for i, r := range requests {
		id := uint64(i)*1000 + 7
		sendRLP(t, eth, r.ask, []any{id, r.body})
		got := eth.UntilCode(t, fmt.Sprintf("answer to eth message %#x", r.ask), r.answer, soon)
		if want, _ := rlp.EncodeToBytes([]any{id, []any{}}); !bytes.Equal(got.Body, want) {
			t.Fatalf("answer to eth message %#x is %x, want %x", r.ask, got.Body, want)
		}
	}
}

func sendRLP(t *testing.T, eth *peer.EthSession, code uint64, body any) {
	t.Helper()
	raw, err := rlp.EncodeToBytes(body)
	if err != nil {
		t.Fatal(err)
	}
	eth.MustSend(t, code, raw)
}

// With the companion off, a reth-like peer has no use for us: it shows why the companion exists.
func TestWithoutCompanionRethDropsUs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "bare", "--eth=false")
	reth := peer.Start(t, rethLike("reth", 68, 69))
	reth.Dial(t, node.URL)
	reth.AnyDropped(t, soon)
	w.subscribe(t, "geth-without-eth", node.URL) // others are still served
}

// A peer of another network is refused; peer and operator are told why.
func TestWrongNetworkIsRefused(t *testing.T) {
	t.Parallel()
	other := map[string]func(*peer.EthChain){
		"genesis": func(c *peer.EthChain) { c.Genesis = [32]byte{0xee} },
		"network": func(c *peer.EthChain) { c.NetworkID = 481 },
	}
	for word, alter := range other {
		w := newWorld()
		node := w.startRelay(t, "ours", chainFlags(chain())...)
		cfg := peer.Config{Name: "foreign-net", Eth: []uint{69}, Status: chain(), Lenient: true}
		alter(&cfg.Status)
		stranger := peer.Start(t, cfg)
		stranger.Dial(t, node.URL)
		if why := stranger.AnyDropped(t, soon); why == "EOF" || strings.Contains(why, "reset") {
			t.Errorf("wrong %s: dropped without a reason (%s)", word, why)
		}
		node.AwaitLog(t, word, soon)
		if left := node.Peers(t); len(left) != 0 {
			t.Errorf("wrong %s: still listed: %+v", word, left)
		}
		w.subscribe(t, "no-eth", node.URL)
	}
}

// A Status that never comes, and requests in place of it.
func TestMissingStatusEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "ours", chainFlags(chain())...)
	mute := peer.DialRaw(t, node.URL, peer.RawConfig{Caps: peer.Caps("eth/69", "flblk/2")})
	mute.UntilCode(t, "our Status, unasked", mute.Eth+peer.EthStatus, 5*time.Second)
	early := peer.DialRaw(t, node.URL, peer.RawConfig{Caps: peer.Caps("eth/69", "flblk/2")})
	request, _ := rlp.EncodeToBytes([]any{uint(1), []any{uint(1), uint(1), uint(0), uint(0)}})
	early.Send(early.Eth+peer.EthGetBlockHeaders, request)
	early.MustEnd(t, 25*time.Second)
	mute.MustEnd(t, 25*time.Second)
}

// eth messages that a peer of ours must not send, and garbage under eth ids: that peer goes, the stream stays.
func TestEthMisbehaviour(t *testing.T) {
	t.Parallel()
	c := startCalm(t, chainFlags(chain())...)
	status := func(r *peer.Raw) error { return r.Send(r.Eth+peer.EthStatus, peer.EncodeStatus(r.EthVer, chain())) }
	cases := map[string]func(*peer.Raw) error{
		"second Status": status,
		"garbage as a request": func(r *peer.Raw) error {
			return r.Send(r.Eth+peer.EthGetBlockHeaders, []byte{0xf8, 0xff, 0x01})
		},
		"flood of requests": func(r *peer.Raw) error {
			body, _ := rlp.EncodeToBytes([]any{uint(1), []any{uint(1), uint(1), uint(0), uint(0)}})
			for range 500 {
				if err := r.Send(r.Eth+peer.EthGetBlockHeaders, body); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, act := range cases {
		t.Run(name, func(t *testing.T) {
			r := peer.DialRaw(t, c.node.URL, peer.RawConfig{Caps: peer.Caps("eth/69", "flblk/2")})
			if err := status(r); err != nil {
				t.Fatal(err)
			}
			r.UntilCode(t, "Status", r.Eth+peer.EthStatus, soon)
			for range 20 {
				if act(r) != nil {
					break
				}
			}
			if name != "flood of requests" { // answering them all is fine too
				r.MustEnd(t, dropLimit)
			}
		})
	}
	c.undisturbed(t)
}

// Status sent late: flblk is spoken meanwhile.
func TestFlblkBeforeStatus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "publisher", chainFlags(chain())...)
	r := peer.DialRaw(t, p.URL, peer.RawConfig{Caps: peer.Caps("eth/69", "flblk/2")})
	r.Send(r.Flblk+flblk.MsgRequest, nil)
	r.UntilCode(t, "Accept", r.Flblk+flblk.MsgAccept, soon)
	slot := w.next()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 1, 100)
	r.UntilCode(t, "StartPublish", r.Flblk+flblk.MsgAuthorized, soon)
	r.UntilCode(t, "flashblock", r.Flblk+flblk.MsgAuthorized, soon)
	r.Send(r.Eth+peer.EthStatus, peer.EncodeStatus(69, chain()))
	r.Send(peer.WirePing, []byte{0xc0})
	r.UntilCode(t, "Pong", peer.WirePong, soon)
}
