package peer

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"net"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/golang/snappy"
)

// Wire ids of the base protocol.
const (
	WireHello      = 0x00
	WireDisconnect = 0x01
	WirePing       = 0x02
	WirePong       = 0x03
)

// Raw is an RLPx connection without any protocol logic: frames are written as the test says.
type Raw struct {
	Conn   net.Conn // for bytes outside the frame grammar
	Theirs Hello
	Flblk  uint64 // wire id of flblk message 0, 0 where not shared
	Eth    uint64 // wire id of eth message 0, 0 where not shared
	EthVer uint

	rlpx  *rlpx.Conn
	inbox *inbox
	gate  sync.Mutex // held while frozen
	why   string     // cause of the end, set before the inbox closes
	mute  bool       // no Pong
}

// Hello is devp2p's first message.
type Hello struct {
	Version    uint64
	Name       string
	Caps       []p2p.Cap
	ListenPort uint64
	ID         []byte
}

// RawConfig of a Raw connection; the zero value offers flblk/2 alone under a fresh key.
type RawConfig struct {
	Key   *ecdsa.PrivateKey
	Caps  []p2p.Cap
	Mute  bool         // leave Pings unanswered
	Hello func(*Hello) // alters our Hello before it is sent
}

// Caps writes a capability list: Caps("eth/69", "flblk/2").
func Caps(names ...string) (caps []p2p.Cap) {
	for _, n := range names {
		name, version, _ := bytes.Cut([]byte(n), []byte("/"))
		v, err := strconv.Atoi(string(version))
		if err != nil {
			panic("capability " + n)
		}
		caps = append(caps, p2p.Cap{Name: string(name), Version: uint(v)})
	}
	return caps
}

// DialTCP opens a plain socket to the node behind an enode URL.
func DialTCP(t testing.TB, url string) net.Conn {
	t.Helper()
	node := parse(t, url)
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(node.IP().String(), strconv.Itoa(node.TCP())), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// DialRaw connects, does the encryption handshake and the exchange of Hellos.
func DialRaw(t testing.TB, url string, cfg RawConfig) *Raw {
	t.Helper()
	r, err := dialRaw(t, url, cfg)
	if err != nil {
		t.Fatalf("raw connection: %v", err)
	}
	return r
}

// TryRaw is DialRaw where a refusal is what the test is about.
func TryRaw(t testing.TB, url string, cfg RawConfig) (*Raw, error) {
	t.Helper()
	return dialRaw(t, url, cfg)
}

func dialRaw(t testing.TB, url string, cfg RawConfig) (*Raw, error) {
	t.Helper()
	if cfg.Key == nil {
		cfg.Key = NewKey(t)
	}
	if cfg.Caps == nil {
		cfg.Caps = Caps("flblk/2")
	}
	tcp := DialTCP(t, url)
	r := &Raw{Conn: tcp, rlpx: rlpx.NewConn(tcp, parse(t, url).Pubkey()), inbox: newInbox(), mute: cfg.Mute}
	tcp.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.rlpx.Handshake(cfg.Key); err != nil {
		return nil, fmt.Errorf("encryption handshake: %w", err)
	}
	ours := Hello{5, "flblk-interop/raw", cfg.Caps, 0, crypto.FromECDSAPub(&cfg.Key.PublicKey)[1:]}
	if cfg.Hello != nil {
		cfg.Hello(&ours)
	}
	if err := r.exchangeHello(ours); err != nil {
		return nil, err
	}
	tcp.SetDeadline(time.Time{})
	r.matchCaps(cfg.Caps)
	go r.read()
	return r, nil
}

func (r *Raw) exchangeHello(ours Hello) error {
	body, err := rlp.EncodeToBytes(&ours)
	if err != nil {
		return err
	}
	if _, err := r.rlpx.Write(WireHello, body); err != nil {
		return err
	}
	code, body, _, err := r.rlpx.Read()
	if err != nil {
		return fmt.Errorf("waiting for Hello: %w", err)
	}
	if code == WireDisconnect {
		return fmt.Errorf("refused: %w", disconnectReason(body))
	}
	if code != WireHello {
		return fmt.Errorf("message %#x instead of Hello", code)
	}
	return rlp.DecodeBytes(body, &r.Theirs)
}

// matchCaps assigns wire ids: shared pairs, highest version of a name, sorted by name, ranges from 0x10.
func (r *Raw) matchCaps(ours []p2p.Cap) {
	best := map[string]uint{}
	for _, a := range ours {
		for _, b := range r.Theirs.Caps {
			if a == b && a.Version > best[a.Name] {
				best[a.Name] = a.Version
			}
		}
	}
	names := make([]string, 0, len(best))
	for name := range best {
		names = append(names, name)
	}
	sort.Strings(names)
	next := uint64(0x10)
	for _, name := range names {
		switch name {
		case "eth":
			r.Eth, r.EthVer = next, best[name]
			next += ethLength(best[name])
		case "flblk":
			r.Flblk = next
		}
	}
}

func (r *Raw) read() {
	defer r.inbox.close()
	for {
		r.gate.Lock()
		r.gate.Unlock()
		code, data, _, err := r.rlpx.Read()
		if err != nil {
			r.why = err.Error()
			return
		}
		body, err := snappy.Decode(nil, data)
		if err != nil {
			r.why = fmt.Sprintf("message %#x: %v", code, err)
			return
		}
		switch {
		case code == WireDisconnect:
			r.why = disconnectReason(body).Error()
			return
		case code == WirePing && !r.mute:
			r.Send(WirePong, []byte{0xc0})
		}
		r.inbox.put(Msg{Code: code, Body: body, At: time.Now()})
	}
}

// Send writes one message under its wire id, compressed.
func (r *Raw) Send(id uint64, body []byte) error { return r.SendFrame(id, snappy.Encode(nil, body)) }

// SendFrame writes one frame whose data after the id is exactly `data`.
func (r *Raw) SendFrame(id uint64, data []byte) error {
	r.Conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, err := r.rlpx.Write(id, data)
	return err
}

// Freeze stops reading from the socket (after the frame being read) until Thaw.
func (r *Raw) Freeze() { r.gate.Lock() }

// Thaw undoes Freeze.
func (r *Raw) Thaw() { r.gate.Unlock() }

// Next takes the oldest message (wire ids) not yet taken.
func (r *Raw) Next(limit time.Duration) (Msg, bool) { return r.inbox.next(time.Now().Add(limit)) }

// UntilCode takes messages until one has the wire id.
func (r *Raw) UntilCode(t testing.TB, what string, id uint64, limit time.Duration) Msg {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		m, ok := r.inbox.next(deadline)
		if !ok {
			t.Fatalf("%s: not within %v (connection: %s)", what, limit, r.state())
		}
		if m.Code == id {
			return m
		}
	}
}

// Ended waits for the end of the connection; false where it is still up at the limit. The text is the devp2p
// reason where a Disconnect was received, the socket's error otherwise.
func (r *Raw) Ended(limit time.Duration) (string, bool) {
	deadline := time.Now().Add(limit)
	for {
		if _, ok := r.inbox.next(deadline); ok {
			continue
		}
		r.inbox.mu.Lock()
		defer r.inbox.mu.Unlock()
		return r.why, r.inbox.closed
	}
}

// MustEnd fails the test where the connection is still up at the limit.
func (r *Raw) MustEnd(t testing.TB, limit time.Duration) string {
	t.Helper()
	why, ended := r.Ended(limit)
	if !ended {
		t.Fatalf("connection still up after %v", limit)
	}
	return why
}

func (r *Raw) state() string {
	r.inbox.mu.Lock()
	defer r.inbox.mu.Unlock()
	if r.inbox.closed {
		return "ended: " + r.why
	}
	return "up"
}

func disconnectReason(body []byte) p2p.DiscReason {
	var list []uint64
	if err := rlp.DecodeBytes(body, &list); err == nil && len(list) == 1 && list[0] < 256 {
		return p2p.DiscReason(list[0])
	}
	return p2p.DiscInvalid
}
