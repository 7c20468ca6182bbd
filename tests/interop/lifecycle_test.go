package interop

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/p2p"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// Coming and going: reasons of Disconnects, leaving in order, dialling, restarts.

// SIGTERM: StopPublish, then Disconnect with a reason, then the process ends with status 0, all within 2 s.
func TestGracefulLeave(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.startPublisher(t, "leaving")
	n := peer.Start(t, peer.Config{Name: "witness"})
	s := n.Connect(t, p.URL)
	s.Subscribe(t)
	l := &listener{s, w}
	slot := w.next()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 3, 100)
	l.block(t, slot, 0, 3, 100, p.key)

	p.Signal(t, syscall.SIGTERM)
	start := time.Now()
	l.kind(t, flblk.StopPublish, p.key)
	why := n.AnyDropped(t, 3*time.Second)
	if err := p.Wait(t, 3*time.Second); err != nil {
		t.Errorf("exit status: %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("leaving took %v, want at most 2 s", took)
	}
	if why != p2p.DiscRequested.Error() && why != p2p.DiscQuitting.Error() {
		t.Errorf("disconnected with %q, want %q or %q", why, p2p.DiscRequested, p2p.DiscQuitting)
	}
}

// Our own rival takes over from a node that leaves in order, in the same block.
func TestGracefulLeaveHandsOver(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.startPublisher(t, "a"), w.startPublisher(t, "b")
	bridge := startBridge(t, a.URL, b.URL)
	waitFed(t, b.Process, bridge.right.OwnID)
	observer := w.subscribe(t, "observer", b.URL)
	slot := w.next()
	a.begin(t, w, slot)
	a.publish(t, slot, 0, 3, 100)
	observer.block(t, slot, 0, 3, 100, a.key)
	a.Signal(t, syscall.SIGTERM)
	observer.kind(t, flblk.StopPublish, a.key)
	if r := b.Forkchoice(t, w.authorize(b.key, slot), blockNumber(slot)); r.State != host.Publishing || r.NextIndex != 3 {
		t.Fatalf("after the other's StopPublish: %s at %d, want %s at 3", r.State, r.NextIndex, host.Publishing)
	}
	b.publish(t, slot, 3, 6, 100)
	observer.block(t, slot, 3, 6, 100, b.key)
	if err := a.Wait(t, soon); err != nil { // a second signal from the cleanup would force it
		t.Errorf("exit status: %v", err)
	}
}

// Both sides dial each other at the same time, several times: one session is left, and it works.
func TestSimultaneousDial(t *testing.T) {
	t.Parallel()
	for range 4 {
		w := newWorld()
		p := w.startPublisher(t, "ours")
		n := peer.Start(t, peer.Config{Name: "theirs"})
		go n.Dial(t, p.URL)
		p.AddPeer(t, n.URL(), false)
		s := onlySession(t, p, n)
		s.Subscribe(t)
		slot := w.next()
		p.begin(t, w, slot)
		p.publish(t, slot, 0, 3, 100)
		(&listener{s, w}).block(t, slot, 0, 3, 100, p.key)
	}
}

// onlySession waits until both sides agree on one session for half a second.
func onlySession(t *testing.T, p *publisher, n *peer.Node) *peer.Session {
	t.Helper()
	n.Session(t, soon)
	for deadline, since := time.Now().Add(3*soon), time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ours, theirs, last := len(p.Peers(t)), n.PeerCount(), n.LastSession()
		if ours != 1 || theirs != 1 || last.Closed() {
			since = time.Now()
		}
		if time.Since(since) > 500*time.Millisecond {
			return last
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions on our side, %d on theirs, want one", ours, theirs)
		}
	}
}

// Two connections under one node id: one stays and works, the other ends with the reason that says why. A peer that
// dials again has lost its first connection, so it is the newer one that stays.
func TestSecondConnectionOfTheSameNode(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "ours")
	key := peer.NewKey(t)
	first := peer.DialRaw(t, node.URL, peer.RawConfig{Key: key})
	first.Send(first.Flblk+flblk.MsgRequest, nil)
	first.UntilCode(t, "Accept", first.Flblk+flblk.MsgAccept, soon)
	second := peer.DialRaw(t, node.URL, peer.RawConfig{Key: key})
	if why := first.MustEnd(t, soon); why != p2p.DiscAlreadyConnected.Error() {
		t.Errorf("the first connection ended with %q, want %q", why, p2p.DiscAlreadyConnected)
	}
	second.Send(second.Flblk+flblk.MsgRequest, nil)
	second.UntilCode(t, "Accept on the second connection", second.Flblk+flblk.MsgAccept, soon)
	if n := len(node.Peers(t)); n != 1 {
		t.Errorf("%d peers listed, want 1", n)
	}
}

// Our node dials its static peer for ever: the foreign side restarts under the same key and port.
func TestReconnectAfterForeignRestart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cfg := peer.Config{Name: "static", Key: peer.NewKey(t)}
	n := peer.Start(t, cfg)
	p := w.startPublisher(t, "ours", "--static-nodes="+n.URL())
	n.Session(t, soon)
	cfg.Listen = n.ListenAddr()
	slot := w.next()
	p.begin(t, w, slot)
	for round := range uint64(2) {
		n.Stop()
		n = peer.Start(t, cfg)
		s := n.Session(t, 30*time.Second)
		s.Subscribe(t)
		p.publish(t, slot, 3*round, 3*round+3, 100)
		(&listener{s, w}).block(t, slot, 0, 3*round+3, 100, p.key) // from the start of the running block
	}
}

// Our node is killed and comes back under the same key while the foreign node still holds the dead session.
func TestReconnectAfterOurRestart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	n := peer.Start(t, peer.Config{Name: "static"})
	cfg := host.Config{Name: "ours", Authorizer: w.vk(), Builder: newSigner(), Flags: []string{"--static-nodes=" + n.URL()}}
	p := host.Start(t, cfg)
	n.Session(t, soon)
	before := p.URL
	p.Signal(t, syscall.SIGKILL)
	p.Wait(t, soon)
	cfg.Dir = p.Dir
	p = host.Start(t, cfg)
	if id := func(url string) string { return strings.SplitN(url, "@", 2)[0] }; id(before) != id(p.URL) {
		t.Errorf("the node key was not kept: %s, then %s", before, p.URL)
	}
	n.Session(t, 30*time.Second).Subscribe(t)
}

// Peers beyond the limit are told so; trusted ones come in all the same.
func TestTooManyPeers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	node := w.startRelay(t, "ours", "--max-inbound-peers=1")
	w.subscribe(t, "first", node.URL)
	raw, err := peer.TryRaw(t, node.URL, peer.RawConfig{})
	why := ""
	if err != nil {
		why = err.Error()
	} else {
		why = raw.MustEnd(t, soon)
	}
	if !strings.Contains(why, p2p.DiscTooManyPeers.Error()) {
		t.Fatalf("the second peer ended with %q, want %q", why, p2p.DiscTooManyPeers)
	}
}
