//go:build worldchain

package interop

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"flblk.test/interop/flblk"
)

// reference is a running node made of World Chain's protocol handler and reth's network manager (world-chain/peer).
type reference struct {
	w   *world
	key ed25519.PrivateKey // nil: no builder
	URL string
	ID  string // peer id as it prints it
	in  io.WriteCloser

	mu    sync.Mutex
	lines []string // what it printed and nobody has taken yet
	more  chan struct{}
	log   []string
}

func (w *world) startReference(t *testing.T, builder bool) *reference {
	t.Helper()
	program := os.Getenv("WORLD_CHAIN_PEER")
	if program == "" {
		t.Fatal("WORLD_CHAIN_PEER is not set: tests/interop/world-chain/run.sh builds the program and sets it")
	}
	node, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{w: w, more: make(chan struct{}, 1)}
	arguments := []string{"0", hex.EncodeToString(crypto.FromECDSA(node)), hex.EncodeToString(w.vk())}
	if builder {
		r.key = newSigner()
		arguments = append(arguments, hex.EncodeToString(r.key.Seed()))
	}
	cmd := exec.Command(program, arguments...)
	cmd.Env = append(os.Environ(), "RUST_LOG=flashblocks=debug,net=debug")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, _ := cmd.StdoutPipe()
	errors, _ := cmd.StderrPipe()
	r.in, _ = cmd.StdinPipe()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	go r.read(out, func(line string) { r.lines = append(r.lines, line) })
	go r.read(errors, func(line string) { r.log = append(r.log, line) })
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Logf("log of the reference:\n%s", strings.Join(r.log[max(0, len(r.log)-60):], "\n"))
		}
	})
	r.URL = r.await(t, "enode ", soon)
	r.ID = strings.TrimPrefix(strings.SplitN(r.URL, "@", 2)[0], "enode://")
	return r
}

func (r *reference) read(from io.Reader, keep func(string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		r.mu.Lock()
		keep(lines.Text())
		r.mu.Unlock()
		select {
		case r.more <- struct{}{}:
		default:
		}
	}
}

// take removes the first line that begins with `prefix`, and everything of that prefix stays in order.
func (r *reference) take(prefix string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, line := range r.lines {
		if strings.HasPrefix(line, prefix) {
			r.lines = append(r.lines[:i:i], r.lines[i+1:]...)
			return strings.TrimPrefix(line, prefix), true
		}
	}
	return "", false
}

// await returns the rest of the next line that begins with `prefix`.
func (r *reference) await(t testing.TB, prefix string, limit time.Duration) string {
	t.Helper()
	for deadline := time.Now().Add(limit); ; {
		if rest, ok := r.take(prefix); ok {
			return rest
		}
		select {
		case <-r.more:
		case <-time.After(time.Until(deadline)):
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("the reference did not print %q in %v; it printed %q", prefix, limit, r.lines)
		}
	}
}

func (r *reference) tell(t testing.TB, format string, arguments ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(r.in, format+"\n", arguments...); err != nil {
		t.Fatalf("the reference has ended: %v", err)
	}
}

// connect lets the reference dial a node of ours and waits for the session.
func (r *reference) connect(t testing.TB, url string) {
	t.Helper()
	r.tell(t, "trust %s", url)
	if id := r.await(t, "up ", soon); !strings.Contains(url, strings.TrimPrefix(id, "0x")) {
		t.Fatalf("connected to %s, not to %s", id, url)
	}
}

func (r *reference) authorization(slot uint64) string {
	a := r.w.authorize(r.key, slot)
	return hex.EncodeToString(a.RLP())
}

func (r *reference) start(t testing.TB, slot uint64) {
	t.Helper()
	r.tell(t, "start %s", r.authorization(slot))
}

func (r *reference) publish(t testing.TB, slot, from, to uint64, size int) {
	t.Helper()
	for i := from; i < to; i++ {
		raw, err := rlp.EncodeToBytes(content(slot, i, size))
		if err != nil {
			t.Fatal(err)
		}
		r.tell(t, "publish %s %x", r.authorization(slot), raw)
	}
}

// block takes the flashblocks from..to-1 of a slot from the reference's ordered stream, content compared.
func (r *reference) block(t testing.TB, slot, from, to uint64, size int) {
	t.Helper()
	for i := from; i < to; i++ {
		raw, err := hex.DecodeString(r.await(t, "flashblock ", soon))
		if err != nil {
			t.Fatal(err)
		}
		var got flblk.Payload
		if err := rlp.DecodeBytes(raw, &got); err != nil {
			t.Fatal(err)
		}
		want, _ := rlp.EncodeToBytes(content(slot, i, size))
		if again, _ := rlp.EncodeToBytes(&got); string(again) != string(want) {
			t.Fatalf("flashblock %d of slot %d: the reference has index %d of %x", i, slot, got.Index, got.PayloadID)
		}
	}
}

// status waits until the reference says it is idle, waiting or publishing. Whoever waits for a state that it was in before
// waits for the one between them first.
func (r *reference) status(t testing.TB, want string) {
	t.Helper()
	for deadline := time.Now().Add(soon); r.await(t, "status ", time.Until(deadline)) != want; {
	}
}

// untroubled fails the test where the reference holds anything against a peer, dropped one, or reported an error.
func (r *reference) untroubled(t testing.TB, peerURL string) {
	t.Helper()
	id := strings.TrimPrefix(strings.SplitN(peerURL, "@", 2)[0], "enode://")
	r.tell(t, "reputation 0x%s", id)
	if value := r.await(t, "reputation ", soon); value != "0" {
		t.Fatalf("reputation at the reference: %s", value)
	}
	for _, trouble := range []string{"down ", "error "} {
		if rest, ok := r.take(trouble); ok {
			t.Fatalf("the reference says %s%s", trouble, rest)
		}
	}
}
