package interop

import (
	"net"
	"strings"
	"testing"

	"flblk.test/interop/peer"
)

// IPv6 and names, in both directions: the foreign node dials ours, ours dials the foreign one.

// hosted is the enode URL with another host and, where given, another port.
func hosted(t *testing.T, url, name, port string) string {
	t.Helper()
	id, address, ok := strings.Cut(url, "@")
	_, old, err := net.SplitHostPort(address)
	if !ok || err != nil {
		t.Fatalf("enode %q", url)
	}
	if port == "" {
		port = old
	}
	return id + "@" + net.JoinHostPort(name, port)
}

// works checks that a block flows to the session.
func (p *publisher) works(t *testing.T, w *world, s *peer.Session) {
	t.Helper()
	s.Subscribe(t)
	slot := w.next()
	p.begin(t, w, slot)
	p.publish(t, slot, 0, 3, 500)
	(&listener{s, w}).block(t, slot, 0, 3, 500, p.key)
}

func TestForeignNodeDialsUs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, listen, dial string }{
		{"IPv6", "::1", ""},
		{"IPv6 to a socket for both", "::", "::1"},
		{"IPv4 to a socket for both", "::", "127.0.0.1"},
		{"name", "127.0.0.1", "localhost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			p := w.startPublisherAt(t, c.listen, "listening")
			url := p.URL
			if c.dial != "" {
				url = hosted(t, url, c.dial, "")
			}
			p.works(t, w, peer.Start(t, peer.Config{Name: "dialling"}).Connect(t, url))
		})
	}
}

func TestWeDialTheForeignNode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, listen, dial string }{
		{"IPv6", "[::1]:0", "::1"},
		{"name", "127.0.0.1:0", "localhost"},
		{"name in capitals", "127.0.0.1:0", "LOCALHOST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			n := peer.Start(t, peer.Config{Name: "listening", Listen: c.listen})
			_, port, err := net.SplitHostPort(n.ListenAddr())
			if err != nil {
				t.Fatal(err)
			}
			url := hosted(t, n.URL(), c.dial, port)
			p := w.startPublisher(t, "dialling", "--static-nodes="+url)
			p.works(t, w, n.Session(t, soon))

			again := w.startPublisher(t, "dialling by request")
			again.AddPeer(t, url, true)
			again.works(t, w, n.Session(t, soon))
		})
	}
}
