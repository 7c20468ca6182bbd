package host

import (
	"testing"
	"time"

	"flblk.test/interop/flblk"
)

// Publishing states as the contract names them.
const (
	Idle       = "PUBLISH_STATE_IDLE"
	Waiting    = "PUBLISH_STATE_WAITING"
	Publishing = "PUBLISH_STATE_PUBLISHING"
	Yielded    = "PUBLISH_STATE_YIELDED"
)

// Authorize turns an authorization into its protobuf form.
func Authorize(a flblk.Authorization) *Authorization {
	return &Authorization{
		PayloadID: a.PayloadID[:], Timestamp: a.Timestamp, BuilderVK: a.BuilderVK[:], AuthorizerSig: a.AuthorizerSig[:],
	}
}

// Forkchoice hands in a forkchoice update with attributes and authorization.
func (c *Client) Forkchoice(t testing.TB, a flblk.Authorization, block uint64) ForkchoiceResponse {
	t.Helper()
	response, err := c.TryForkchoice(ForkchoiceRequest{
		Attributes:    &Attributes{Timestamp: a.Timestamp, BlockNumber: &block, PayloadID: a.PayloadID[:]},
		Authorization: Authorize(a),
	})
	if err != nil {
		t.Fatalf("ForkchoiceUpdated: %v", err)
	}
	return response
}

// TryForkchoice gives the gRPC error to the caller.
func (c *Client) TryForkchoice(request ForkchoiceRequest) (ForkchoiceResponse, error) {
	var response ForkchoiceResponse
	err := c.Call(callLimit, "Builder", "ForkchoiceUpdated", request, &response)
	return response, err
}

// StopPublishing is the host's Stop.
func (c *Client) StopPublishing(t testing.TB, reason string) {
	t.Helper()
	if err := c.Call(callLimit, "Builder", "Stop", map[string]string{"reason": reason}, &empty{}); err != nil {
		t.Fatalf("Stop: %v", err)
	}
}

// Peers lists the node's live connections.
func (c *Client) Peers(t testing.TB) []Peer {
	t.Helper()
	var list PeerList
	if err := c.Call(callLimit, "Admin", "ListPeers", empty{}, &list); err != nil {
		t.Fatalf("ListPeers: %v", err)
	}
	return list.Peers
}

// AddPeer makes the node dial an enode URL for ever.
func (c *Client) AddPeer(t testing.TB, url string, trusted bool) {
	t.Helper()
	if err := c.Call(callLimit, "Admin", "AddPeer", AddPeerRequest{url, trusted}, &empty{}); err != nil {
		t.Fatalf("AddPeer: %v", err)
	}
}

// Publisher is the host's long-lived stream of deltas.
type Publisher struct {
	stream   *Stream
	sequence uint64
	replies  chan PublishResponse
}

// Publisher opens the stream.
func (c *Client) Publisher(t testing.TB) *Publisher {
	t.Helper()
	p := &Publisher{stream: c.Open(t, "Builder", "Publish"), replies: make(chan PublishResponse, 1024)}
	go func() {
		defer close(p.replies)
		for {
			var r PublishResponse
			if p.stream.Recv(&r) != nil {
				return
			}
			p.replies <- r
		}
	}()
	return p
}

// Try publishes one delta and gives the node's verdict.
func (p *Publisher) Try(t testing.TB, request PublishRequest) PublishResponse {
	t.Helper()
	p.sequence++
	request.Sequence = p.sequence
	if err := p.stream.Send(request); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	select {
	case r, ok := <-p.replies:
		if !ok || r.Sequence != request.Sequence {
			t.Fatalf("Publish: answer %+v (stream open: %v) to delta %d", r, ok, request.Sequence)
		}
		return r
	case <-time.After(callLimit):
		t.Fatalf("Publish: no answer within %v", callLimit)
		return PublishResponse{}
	}
}

// Must publishes one delta which the node has to take.
func (p *Publisher) Must(t testing.TB, request PublishRequest) PublishResponse {
	t.Helper()
	r := p.Try(t, request)
	if r.Code != 0 {
		t.Fatalf("Publish: refused with code %d: %s", r.Code, r.Message)
	}
	return r
}

// Watcher follows the node's publishing state.
type Watcher struct {
	events chan PublishingEvent
}

// Watch opens the stream and takes its first event, the current state.
func (c *Client) Watch(t testing.TB) (*Watcher, PublishingEvent) {
	t.Helper()
	w := &Watcher{events: make(chan PublishingEvent, 1024)}
	pump(c.Open(t, "Builder", "WatchPublishing"), empty{}, w.events)
	first := w.next(t, "the first event", callLimit)
	return w, first
}

func (w *Watcher) next(t testing.TB, what string, limit time.Duration) PublishingEvent {
	t.Helper()
	select {
	case e, ok := <-w.events:
		if !ok {
			t.Fatalf("WatchPublishing ended while waiting for %s", what)
		}
		return e
	case <-time.After(limit):
		t.Fatalf("WatchPublishing: %s not within %v", what, limit)
		return PublishingEvent{}
	}
}

// Until takes events until the node is in `state`.
func (w *Watcher) Until(t testing.TB, state string, limit time.Duration) PublishingEvent {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		if e := w.next(t, state, time.Until(deadline)); e.State == state {
			return e
		}
	}
}

// Quiet fails the test where the node's state changes within `span`.
func (w *Watcher) Quiet(t testing.TB, span time.Duration) {
	t.Helper()
	select {
	case e, ok := <-w.events:
		t.Fatalf("unexpected transition (stream open: %v): %+v", ok, e)
	case <-time.After(span):
	}
}

// Flashblocks subscribes to the node's verified, ordered stream.
func (c *Client) Flashblocks(t testing.TB) <-chan VerifiedFlashblock {
	t.Helper()
	out := make(chan VerifiedFlashblock, 4096)
	pump(c.Open(t, "Builder", "SubscribeFlashblocks"), SubscribeRequest{IncludeRLP: true}, out)
	return out
}

// pump sends the only request of a server stream and copies its responses until it ends.
func pump[T any](s *Stream, request any, out chan<- T) {
	go func() {
		defer close(out)
		if s.Send(request) != nil || s.CloseSend() != nil {
			return
		}
		for {
			var v T
			if s.Recv(&v) != nil {
				return
			}
			out <- v
		}
	}()
}
