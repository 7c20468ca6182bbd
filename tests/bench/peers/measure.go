package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/rlp"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
)

const warmUp = 10 // flashblocks before the clock is read

// sender sends `count` flashblocks and gives the unix nanoseconds at which each began.
type sender interface {
	url() string
	pid() int
	send(count int) ([]int64, error)
	close()
}

func newSender(o options, name string) (sender, error) {
	if name == "geth" {
		return newGeth(o)
	}
	return newFlblkd(o)
}

func measure(o options, name string) (Result, error) {
	s, err := newSender(o, name)
	if err != nil {
		return Result{}, err
	}
	defer s.close()
	r, err := startChild(o, "receivers", s.url())
	if err != nil {
		return Result{}, err
	}
	defer r.kill()
	var ready string
	if err := r.read(stepLimit, &ready); err != nil {
		return Result{}, err
	}
	if _, _, err := round(s, r, warmUp); err != nil {
		return Result{}, err
	}
	before, err := cpuTime(s.pid())
	if err != nil {
		return Result{}, err
	}
	began, arrived, err := round(s, r, o.Count)
	if err != nil {
		return Result{}, err
	}
	after, err := cpuTime(s.pid())
	if err != nil {
		return Result{}, err
	}
	latency := make([]float64, o.Count)
	for i := range latency {
		latency[i] = float64(arrived[i]-began[i]) / 1e6
	}
	slices.Sort(latency)
	cpu := float64((after - before).Nanoseconds()) / 1e3 / float64(o.Count*o.Peers)
	return Result{name, o.Peers, o.Size, o.Count, cpu, latency[len(latency)/2], latency[len(latency)-1]}, nil
}

func round(s sender, r *child, count int) (began, arrived []int64, err error) {
	if err := r.write(fmt.Sprintf("expect %d", count)); err != nil {
		return nil, nil, err
	}
	if began, err = s.send(count); err != nil {
		return nil, nil, err
	}
	err = r.read(2*stepLimit, &arrived)
	return began, arrived, err
}

// geth is a child process with go-ethereum's server.
type geth struct {
	*child
	Enode string `json:"url"`
}

func newGeth(o options) (sender, error) {
	c, err := startChild(o, "geth", "")
	if err != nil {
		return nil, err
	}
	g := &geth{child: c}
	return g, c.read(stepLimit, g)
}

func (g *geth) url() string { return g.Enode }
func (g *geth) pid() int    { return g.cmd.Process.Pid }
func (g *geth) close()      { g.kill() }

func (g *geth) send(count int) (began []int64, err error) {
	if err := g.write(fmt.Sprintf("send %d", count)); err != nil {
		return nil, err
	}
	err = g.read(2*stepLimit, &began)
	return began, err
}

// flblkd is the node under test with this program as its host.
type flblkd struct {
	b      *bench
	node   *host.Process
	stream *host.Publisher
	txs    [][]byte
	slot   uint64
	pace   time.Duration
}

func newFlblkd(o options) (sender, error) {
	os.Setenv("FLBLKD", o.Flblkd)
	b := &bench{}
	node := host.Start(b, host.Config{Name: "flblkd", Authorizer: public(authorizer), Builder: builder, LogLevel: "warn", Flags: []string{
		fmt.Sprintf("--max-inbound-peers=%d", o.Peers+10), fmt.Sprintf("--max-send-peers=%d", o.Peers+10),
		fmt.Sprintf("--max-pending-peers=%d", o.Peers+10)}})
	return &flblkd{b, node, node.Publisher(b), transactions(o.Size), uint64(time.Now().Unix()) - 1000, o.Pace}, nil
}

func (f *flblkd) url() string { return f.node.URL }
func (f *flblkd) pid() int    { return f.node.Pid() }
func (f *flblkd) close()      { f.b.finish() }

func (f *flblkd) send(count int) ([]int64, error) {
	began := make([]int64, count)
	var auth flblk.Authorization
	for i := range count {
		if i%perBlock == 0 {
			f.slot++
			auth = authorization(f.slot)
			if r := f.node.Forkchoice(f.b, auth, f.slot/2); r.State != host.Publishing {
				return nil, fmt.Errorf("flblkd is %s", r.State)
			}
		}
		delta, err := rlp.EncodeToBytes(payload(auth, uint64(i%perBlock), f.txs))
		if err != nil {
			return nil, err
		}
		started := time.Now()
		began[i] = started.UnixNano()
		f.stream.Must(f.b, host.PublishRequest{FlashblockRLP: delta})
		time.Sleep(time.Until(started.Add(f.pace)))
	}
	return began, nil
}
