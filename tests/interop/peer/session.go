package peer

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
)

// Msg is one message of a sub-protocol; Code is relative to its offset.
type Msg struct {
	Code uint64
	Body []byte
	At   time.Time
}

// inbox is an unbounded queue, so that a slow test never stalls the pings of the connection it watches.
type inbox struct {
	mu     sync.Mutex
	queue  []Msg
	closed bool
	wake   chan struct{} // closed and replaced at each change
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{})} }

func (b *inbox) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	close(b.wake)
	b.wake = make(chan struct{})
}

func (b *inbox) put(m Msg) { b.change(func() { b.queue = append(b.queue, m) }) }
func (b *inbox) close()    { b.change(func() { b.closed = true }) }

// next takes the oldest message; false at the deadline or when the session has ended.
func (b *inbox) next(deadline time.Time) (Msg, bool) {
	for {
		b.mu.Lock()
		if len(b.queue) > 0 {
			m := b.queue[0]
			b.queue = b.queue[1:]
			b.mu.Unlock()
			return m, true
		}
		closed, wake := b.closed, b.wake
		b.mu.Unlock()
		if closed {
			return Msg{}, false
		}
		select {
		case <-wake:
		case <-time.After(time.Until(deadline)):
			return Msg{}, false
		}
	}
}

// Session is one flblk session of a Node.
type Session struct {
	Version uint
	Peer    *p2p.Peer
	OwnID   []byte // the foreign node's 64-byte public key
	rw      p2p.MsgReadWriter
	inbox   *inbox
}

func (n *Node) newSession(version uint, p *p2p.Peer, rw p2p.MsgReadWriter) *Session {
	id := crypto.FromECDSAPub(&n.cfg.Key.PublicKey)[1:]
	return &Session{Version: version, Peer: p, OwnID: id, rw: rw, inbox: newInbox()}
}

// Send writes the bytes as they are (compressed by the server).
func (s *Session) Send(code uint64, body []byte) error {
	return s.rw.WriteMsg(p2p.Msg{Code: code, Size: uint32(len(body)), Payload: bytes.NewReader(body)})
}

// MustSend fails the test where the connection is gone.
func (s *Session) MustSend(t testing.TB, code uint64, body []byte) {
	t.Helper()
	if err := s.Send(code, body); err != nil {
		t.Fatalf("sending message %d: %v", code, err)
	}
}

// Next takes the oldest message not yet taken.
func (s *Session) Next(limit time.Duration) (Msg, bool) { return s.inbox.next(time.Now().Add(limit)) }

// Until takes messages until `want` holds; the others are dropped. It fails the test at the limit.
func (s *Session) Until(t testing.TB, what string, limit time.Duration, want func(Msg) bool) Msg {
	t.Helper()
	deadline := time.Now().Add(limit)
	skipped := 0
	for {
		m, ok := s.inbox.next(deadline)
		if !ok {
			t.Fatalf("%s: not within %v (%d other messages, session closed: %v)", what, limit, skipped, s.Closed())
		}
		if want(m) {
			return m
		}
		skipped++
	}
}

// UntilCode waits for a message id.
func (s *Session) UntilCode(t testing.TB, what string, code uint64, limit time.Duration) Msg {
	t.Helper()
	return s.Until(t, what, limit, func(m Msg) bool { return m.Code == code })
}

// Closed tells whether the session has ended.
func (s *Session) Closed() bool {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return s.inbox.closed
}

// Subscribe asks for flashblocks and waits for the Accept.
func (s *Session) Subscribe(t testing.TB) {
	t.Helper()
	s.MustSend(t, 1, nil)
	s.UntilCode(t, "AcceptFlashblocks", 2, 5*time.Second)
}
