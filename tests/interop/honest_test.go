package interop

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

// calm is a relay node of ours with an honest foreign builder on one side and an honest foreign subscriber on the other.
// The builder publishes all the time; whatever the test does to the node meanwhile must not disturb that.
type calm struct {
	w       *world
	node    *host.Process
	builder *rival
	newest  atomic.Uint64 // slot being published
	stop    chan struct{}
	done    chan error
}

const (
	calmIndices = 10
	calmPause   = 25 * time.Millisecond
)

func startCalm(t *testing.T, flags ...string) *calm {
	t.Helper()
	w := newWorld()
	c := &calm{w: w, stop: make(chan struct{}), done: make(chan error, 1)}
	c.node = w.startRelay(t, "relay", flags...)
	c.builder = w.startRival(t, c.node.URL)
	waitFed(t, c.node, c.builder.OwnID)
	subscriber := w.subscribe(t, "honest", c.node.URL)
	c.newest.Store(w.next())
	go c.publish()
	go func() { c.done <- c.verify(subscriber) }()
	return c
}

// publish sends block after block until the test says stop; the last block is always completed.
func (c *calm) publish() {
	for slot := c.newest.Load(); ; slot++ {
		c.newest.Store(slot)
		auth := c.w.authorize(c.builder.key, slot)
		for i := range uint64(calmIndices) {
			if c.builder.Send(flblk.MsgAuthorized, flblk.Sign(c.builder.key, flblk.Flashblock, content(slot, i, 500), auth)) != nil {
				return
			}
			time.Sleep(calmPause)
		}
		select {
		case <-c.stop:
			return
		default:
		}
	}
}

// verify reads the stream at the far side: every flashblock of every block, in order, nothing else.
func (c *calm) verify(l *listener) error {
	first := c.newest.Load()
	for slot := first; ; slot++ {
		for i := range uint64(calmIndices) {
			var m peer.Msg
			for ok := false; !ok || m.Code != flblk.MsgAuthorized; {
				if m, ok = l.Next(soon); !ok {
					return fmt.Errorf("flashblock %d of slot %d did not arrive (session closed: %v)", i, slot, l.Closed())
				}
			}
			opened, err := flblk.Open(m.Body, c.w.vk())
			if err != nil {
				return err
			}
			if opened.Kind != flblk.Flashblock {
				return fmt.Errorf("a %v of slot %d came through", opened.Kind, opened.Auth.Timestamp)
			}
			if err := checkFlashblock(opened, slot, i, 500, c.builder.key); err != nil {
				return err
			}
		}
		select {
		case <-c.stop:
			if slot == c.newest.Load() {
				return nil
			}
		default:
		}
	}
}

// undisturbed ends the stream and fails the test where anything of it was lost, altered or added.
func (c *calm) undisturbed(t *testing.T) {
	t.Helper()
	before := c.newest.Load()
	for deadline := time.Now().Add(soon); c.newest.Load() < before+2; time.Sleep(calmPause) {
		if time.Now().After(deadline) {
			t.Fatal("the honest builder is stuck")
		}
	}
	close(c.stop)
	select {
	case err := <-c.done:
		if err != nil {
			t.Fatalf("the honest stream was disturbed: %v", err)
		}
	case <-time.After(2 * soon):
		t.Fatal("the honest stream did not end")
	}
}
