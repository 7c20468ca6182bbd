// Package peer is a foreign flblk node for tests: go-ethereum's p2p.Server with our own flblk/1, flblk/2 and `eth`
// protocol handlers, and raw RLPx connections for what a well-behaved server would never send.
package peer

import (
	"crypto/ecdsa"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
)

// Config of a Node. The zero value is a listening flblk/2 node without `eth`, with a fresh key.
type Config struct {
	Name     string
	Key      *ecdsa.PrivateKey
	Listen   string   // default 127.0.0.1:0
	Versions []uint   // of flblk; default {2}
	Eth      []uint   // versions of `eth`; empty: not offered
	Status   EthChain // sent and demanded where Eth is offered
	NeedEth  bool     // as reth does: no shared `eth`, no session
	Lenient  bool     // take any Status
	Static   []string // enode URLs dialled for ever
	Manual   bool     // the test answers RequestFlashblocks itself; otherwise Accept is sent at once
}

// Node is one foreign node.
type Node struct {
	cfg    Config
	server *p2p.Server

	mu       sync.Mutex
	sessions chan *Session
	eth      chan *EthSession
	drops    chan string
	last     *Session
}

// NewKey makes a node key.
func NewKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Start runs a node until the test ends (or Stop).
func Start(t testing.TB, cfg Config) *Node {
	t.Helper()
	if cfg.Key == nil {
		cfg.Key = NewKey(t)
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if len(cfg.Versions) == 0 {
		cfg.Versions = []uint{2}
	}
	n := &Node{
		cfg: cfg, sessions: make(chan *Session, 64), eth: make(chan *EthSession, 64),
		drops: make(chan string, 1024),
	}
	n.server = &p2p.Server{Config: p2p.Config{
		PrivateKey: cfg.Key, Name: "flblk-interop/" + cfg.Name, ListenAddr: cfg.Listen, MaxPeers: 50, NoDiscovery: true,
		Protocols: n.protocols(), StaticNodes: parseAll(t, cfg.Static), Logger: log.NewLogger(log.DiscardHandler()),
	}}
	if err := n.server.Start(); err != nil {
		t.Fatalf("foreign node %s: %v", cfg.Name, err)
	}
	go n.recordDrops()
	t.Cleanup(n.Stop)
	return n
}

// Stop ends the node: every peer gets Disconnect 0x08. Harmless when called twice.
func (n *Node) Stop() { n.server.Stop() }

// URL is the enode of the node with the port really bound.
func (n *Node) URL() string { return n.server.Self().URLv4() }

// ListenAddr is host:port.
func (n *Node) ListenAddr() string { return n.server.ListenAddr }

// Dial keeps a connection to the enode URL.
func (n *Node) Dial(t testing.TB, url string) {
	t.Helper()
	n.server.AddPeer(parse(t, url))
}

// PeerCount is the number of live connections.
func (n *Node) PeerCount() int { return n.server.PeerCount() }

// Session waits for the next flblk session.
func (n *Node) Session(t testing.TB, limit time.Duration) *Session {
	t.Helper()
	select {
	case s := <-n.sessions:
		return s
	case <-time.After(limit):
		t.Fatalf("foreign node %s: no flblk session within %v", n.cfg.Name, limit)
		return nil
	}
}

// Connect dials and waits for the session.
func (n *Node) Connect(t testing.TB, url string) *Session {
	t.Helper()
	n.Dial(t, url)
	return n.Session(t, 10*time.Second)
}

// EthSession waits for the next `eth` session.
func (n *Node) EthSession(t testing.TB, limit time.Duration) *EthSession {
	t.Helper()
	select {
	case s := <-n.eth:
		return s
	case <-time.After(limit):
		t.Fatalf("foreign node %s: no eth session within %v", n.cfg.Name, limit)
		return nil
	}
}

// LastSession is the newest flblk session.
func (n *Node) LastSession() *Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

// AnyDropped waits for the end of any connection and gives its cause: the text of the devp2p reason where a
// Disconnect was sent or received, the socket's error otherwise.
func (n *Node) AnyDropped(t testing.TB, limit time.Duration) string {
	t.Helper()
	select {
	case why := <-n.drops:
		return why
	case <-time.After(limit):
		t.Fatalf("foreign node %s: no connection ended within %v", n.cfg.Name, limit)
		return ""
	}
}

func (n *Node) recordDrops() {
	events := make(chan *p2p.PeerEvent, 64)
	sub := n.server.SubscribeEvents(events)
	defer sub.Unsubscribe()
	for {
		select {
		case e := <-events:
			if e.Type == p2p.PeerEventTypeDrop {
				n.drops <- e.Error
			}
		case <-sub.Err():
			return
		}
	}
}

func (n *Node) protocols() []p2p.Protocol {
	var all []p2p.Protocol
	for _, version := range n.cfg.Versions {
		length := uint64(5)
		if version == 1 {
			length = 1
		}
		all = append(all, p2p.Protocol{Name: "flblk", Version: version, Length: length,
			Run: func(p *p2p.Peer, rw p2p.MsgReadWriter) error { return n.runFlblk(version, p, rw) }})
	}
	for _, version := range n.cfg.Eth {
		all = append(all, p2p.Protocol{Name: "eth", Version: version, Length: ethLength(version),
			Run: func(p *p2p.Peer, rw p2p.MsgReadWriter) error { return n.runEth(version, p, rw) }})
	}
	return all
}

func (n *Node) runFlblk(version uint, p *p2p.Peer, rw p2p.MsgReadWriter) error {
	if n.cfg.NeedEth && !p.RunningCap("eth", n.cfg.Eth) {
		return p2p.DiscUselessPeer
	}
	s := n.newSession(version, p, rw)
	defer s.inbox.close()
	n.mu.Lock()
	n.last = s
	n.mu.Unlock()
	n.sessions <- s
	for {
		m, err := readMsg(rw)
		if err != nil {
			return err
		}
		s.inbox.put(m)
		if m.Code == 1 && version >= 2 && !n.cfg.Manual {
			if err := s.Send(2, nil); err != nil {
				return err
			}
		}
	}
}

func readMsg(rw p2p.MsgReadWriter) (Msg, error) {
	raw, err := rw.ReadMsg()
	if err != nil {
		return Msg{}, err
	}
	body, err := io.ReadAll(raw.Payload)
	return Msg{Code: raw.Code, Body: body, At: time.Now()}, err
}

func parse(t testing.TB, url string) *enode.Node {
	t.Helper()
	node, err := enode.ParseV4(url)
	if err != nil {
		t.Fatalf("enode %q: %v", url, err)
	}
	return node
}

func parseAll(t testing.TB, urls []string) (nodes []*enode.Node) {
	t.Helper()
	for _, url := range urls {
		nodes = append(nodes, parse(t, url))
	}
	return nodes
}
