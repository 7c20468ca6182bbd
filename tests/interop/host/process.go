package host

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit  = 15 * time.Second
	defaultPath = "../../build/release/plugin/flblkd"
)

// Config of a node under test.
type Config struct {
	Name       string
	Authorizer ed25519.PublicKey
	Builder    ed25519.PrivateKey // nil: relay and subscriber only
	Addr       string             // listens there; default 127.0.0.1
	Flags      []string           // further flags
	LogLevel   string             // default debug
	Dir        string             // keeps key and port file of an earlier Process; "": a new directory
}

// Process is a running flblkd.
type Process struct {
	*Client
	Name string
	URL  string // enode with the bound port
	Dir  string

	cmd  *exec.Cmd
	log  syncBuffer
	done chan struct{} // closed when the process has ended
	err  error         // of Wait, once done
}

// Binary is the path of flblkd: FLBLKD, else the release build. A missing one fails the test.
func Binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("FLBLKD")
	if path == "" {
		path = defaultPath
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
		t.Fatalf("the node under test is missing: %s is no program; build the target flblkd or set FLBLKD", path)
	}
	return path
}

// Start runs a node on a free loopback port until the test ends. Its log is printed where the test fails.
func Start(t testing.TB, cfg Config) *Process {
	t.Helper()
	dir := cfg.Dir
	if dir == "" {
		dir = tempDir(t)
	}
	if cfg.LogLevel == "" {
		cfg.LogLevel = "debug"
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1"
	}
	socket := filepath.Join(dir, "s")
	os.Remove(socket)
	flags := []string{
		"--datadir=" + dir, "--addr=" + cfg.Addr, "--port=0", "--authorizer-vk=" + hex.EncodeToString(cfg.Authorizer),
		"--grpc=unix:" + socket, "--http=none", "--log-level=" + cfg.LogLevel,
	}
	if cfg.Builder != nil {
		key := filepath.Join(dir, "builder.key")
		if err := os.WriteFile(key, []byte(hex.EncodeToString(cfg.Builder.Seed())+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, "--builder-sk-file="+key)
	}
	p := &Process{Name: cfg.Name, Dir: dir, done: make(chan struct{})}
	p.cmd = exec.Command(Binary(t), append(flags, cfg.Flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no node outlives a crashed test
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting node %s: %v", cfg.Name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.cleanup(t) })
	p.awaitSocket(t, socket)
	p.Client = Dial(t, "unix:"+socket)
	var info NodeInfo
	if err := p.Call(startLimit, "Admin", "NodeInfo", empty{}, &info); err != nil {
		t.Fatalf("node %s: NodeInfo: %v", cfg.Name, err)
	}
	p.URL = info.Enode
	return p
}

func (p *Process) awaitSocket(t testing.TB, socket string) {
	t.Helper()
	for deadline := time.Now().Add(startLimit); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return
		}
		select {
		case <-p.done:
			t.Fatalf("node %s ended at start: %v\n%s", p.Name, p.err, p.log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("node %s: no gRPC socket after %v", p.Name, startLimit)
		}
	}
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the node.
func (p *Process) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal %v to node %s: %v", s, p.Name, err)
	}
}

// Wait gives the exit error (nil: status 0) and fails the test where the node still runs at the limit.
func (p *Process) Wait(t testing.TB, limit time.Duration) error {
	t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(limit):
		t.Fatalf("node %s still runs %v after its signal", p.Name, limit)
		return nil
	}
}

// Log is everything the node has written so far.
func (p *Process) Log() string { return p.log.String() }

// AwaitLog waits until the log holds `text`.
func (p *Process) AwaitLog(t testing.TB, text string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); !strings.Contains(p.Log(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("node %s: %q not in the log after %v", p.Name, text, limit)
		}
	}
}

// cleanup ends the node as an operator would; a node that dies on the way or leaves with an error fails the test.
func (p *Process) cleanup(t testing.TB) {
	select {
	case <-p.done:
		var exit *exec.ExitError
		if errors.As(p.err, &exit) && !killedBy(exit, syscall.SIGKILL) {
			t.Errorf("node %s ended with %v", p.Name, p.err)
		}
	default:
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
			if p.err != nil {
				t.Errorf("node %s after SIGTERM: %v", p.Name, p.err)
			}
		case <-time.After(10 * time.Second):
			p.cmd.Process.Kill()
			<-p.done
			t.Errorf("node %s had to be killed", p.Name)
		}
	}
	if t.Failed() {
		t.Logf("log of node %s:\n%s", p.Name, p.log.String())
	}
}

func killedBy(exit *exec.ExitError, s syscall.Signal) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s
}

// tempDir is short, as socket paths have to be.
func tempDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "flblk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// syncBuffer may be written and read at the same time.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
