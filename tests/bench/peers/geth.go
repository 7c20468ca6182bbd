package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"

	"flblk.test/interop/flblk"
)

// gethPeers are the subscribers: a queue and a writer for each.
type gethPeers struct {
	mu     sync.Mutex
	queues []chan []byte
}

// gethSender serves flblk/2 on go-ethereum's p2p.Server.
func gethSender(o options) error {
	key, err := crypto.GenerateKey()
	if err != nil {
		return err
	}
	var peers gethPeers
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey: key, Name: "bench-geth", ListenAddr: "127.0.0.1:0", MaxPeers: o.Peers + 10, NoDial: true, NoDiscovery: true,
		Logger:    log.NewLogger(log.DiscardHandler()),
		Protocols: []p2p.Protocol{{Name: "flblk", Version: 2, Length: 5, Run: peers.run}},
	}}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Stop()
	if err := say(map[string]any{"url": server.Self().URLv4()}); err != nil {
		return err
	}
	txs := transactions(o.Size)
	slot := uint64(time.Now().Unix()) - 1000
	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		var count int
		if _, err := fmt.Sscanf(commands.Text(), "send %d", &count); err != nil {
			return err
		}
		began := make([]int64, count)
		for i := range count {
			if i%perBlock == 0 {
				slot++
			}
			auth := authorization(slot)
			started := time.Now()
			began[i] = started.UnixNano()
			peers.broadcast(flblk.Sign(builder, flblk.Flashblock, payload(auth, uint64(i%perBlock), txs), auth))
			time.Sleep(time.Until(started.Add(o.Pace)))
		}
		if err := say(began); err != nil {
			return err
		}
	}
	return nil
}

func (g *gethPeers) broadcast(message []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range g.queues {
		q <- message
	}
}

func (g *gethPeers) run(_ *p2p.Peer, rw p2p.MsgReadWriter) error {
	queue := make(chan []byte, 1024)
	go func() {
		for m := range queue {
			if rw.WriteMsg(p2p.Msg{Code: flblk.MsgAuthorized, Size: uint32(len(m)), Payload: bytes.NewReader(m)}) != nil {
				return
			}
		}
	}()
	for {
		m, err := rw.ReadMsg()
		if err != nil {
			return err
		}
		m.Discard()
		if m.Code != flblk.MsgRequest {
			continue
		}
		if err := p2p.Send(rw, flblk.MsgAccept, []any{}); err != nil {
			return err
		}
		g.mu.Lock()
		g.queues = append(g.queues, queue)
		g.mu.Unlock()
	}
}
