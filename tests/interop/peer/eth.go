package peer

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"
)

// Relative ids of the `eth` messages used here.
const (
	EthStatus           = 0x00
	EthNewBlockHashes   = 0x01
	EthTransactions     = 0x02
	EthGetBlockHeaders  = 0x03
	EthBlockHeaders     = 0x04
	EthGetBlockBodies   = 0x05
	EthBlockBodies      = 0x06
	EthNewBlock         = 0x07
	EthNewPooledHashes  = 0x08
	EthGetPooledTxs     = 0x09
	EthPooledTxs        = 0x0a
	EthGetReceipts      = 0x0f
	EthReceipts         = 0x10
	EthBlockRangeUpdate = 0x11
	ethStatusTimeLimit  = 10 * time.Second
)

// EthChain is what a Status says about a chain.
type EthChain struct {
	NetworkID uint64
	Genesis   [32]byte
	ForkHash  [4]byte
	ForkNext  uint64
	Head      [32]byte
	HeadNum   uint64
}

type forkID struct {
	Hash [4]byte
	Next uint64
}

type status68 struct {
	Version, NetworkID uint64
	Difficulty         uint64
	Head, Genesis      [32]byte
	Fork               forkID
}

type status69 struct {
	Version, NetworkID uint64
	Genesis            [32]byte
	Fork               forkID
	Earliest, Latest   uint64
	LatestHash         [32]byte
}

func ethLength(version uint) uint64 {
	if version >= 69 {
		return 18
	}
	return 17
}

// EthSession is one `eth` session. Faults are acts for which reth would have banned the other side.
type EthSession struct {
	Version uint
	Remote  EthChain // what the other side's Status said
	Session
	Faults chan string
}

// MustBeFaultless fails the test for each act that costs reputation with reth.
func (s *EthSession) MustBeFaultless(t testing.TB) {
	t.Helper()
	for {
		select {
		case fault := <-s.Faults:
			t.Errorf("eth/%d: %s", s.Version, fault)
		default:
			return
		}
	}
}

func (n *Node) runEth(version uint, p *p2p.Peer, rw p2p.MsgReadWriter) error {
	sent := make(chan error, 1)
	go func() { sent <- p2p.Send(rw, EthStatus, n.cfg.Status.encodable(version)) }()
	remote, err := readStatus(version, rw)
	if err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	if err := n.cfg.Status.admits(remote); err != nil && !n.cfg.Lenient {
		return err
	}
	s := &EthSession{Version: version, Remote: remote, Session: *n.newSession(version, p, rw), Faults: make(chan string, 64)}
	defer s.inbox.close()
	n.eth <- s
	for {
		m, err := readMsg(rw)
		if err != nil {
			return err
		}
		switch m.Code {
		case EthStatus, EthNewBlockHashes, EthNewBlock:
			select {
			case s.Faults <- fmt.Sprintf("message %#x is forbidden after the handshake", m.Code):
			default: // enough are on record
			}
		}
		s.inbox.put(m)
	}
}

// EncodeStatus is the body of a Status message.
func EncodeStatus(version uint, c EthChain) []byte {
	raw, err := rlp.EncodeToBytes(c.encodable(version))
	if err != nil {
		panic(err) // integers and arrays
	}
	return raw
}

func (c EthChain) encodable(version uint) any {
	fork := forkID{c.ForkHash, c.ForkNext}
	if version >= 69 {
		return &status69{uint64(version), c.NetworkID, c.Genesis, fork, c.HeadNum, c.HeadNum, c.Head}
	}
	return &status68{uint64(version), c.NetworkID, 0, c.Head, c.Genesis, fork}
}

// admits is reth's list of checks.
func (c EthChain) admits(remote EthChain) error {
	switch {
	case remote.Genesis != c.Genesis:
		return errors.New("status: genesis differs")
	case remote.NetworkID != c.NetworkID:
		return errors.New("status: network id differs")
	case remote.ForkHash != c.ForkHash:
		return errors.New("status: fork id differs")
	case remote.Head == [32]byte{}:
		return errors.New("status: head hash is zero")
	}
	return nil
}

func readStatus(version uint, rw p2p.MsgReadWriter) (EthChain, error) {
	type result struct {
		m   Msg
		err error
	}
	got := make(chan result, 1)
	go func() {
		m, err := readMsg(rw)
		got <- result{m, err}
	}()
	select {
	case <-time.After(ethStatusTimeLimit):
		return EthChain{}, p2p.DiscReadTimeout
	case r := <-got:
		if r.err != nil {
			return EthChain{}, r.err
		}
		if r.m.Code != EthStatus {
			return EthChain{}, fmt.Errorf("first eth message is %#x, not Status", r.m.Code)
		}
		return decodeStatus(version, r.m.Body)
	}
}

// decodeStatus is as strict as reth: no further items, the negotiated version, a sane range.
func decodeStatus(version uint, body []byte) (EthChain, error) {
	if version < 69 {
		var s status68
		if err := rlp.DecodeBytes(body, &s); err != nil {
			return EthChain{}, fmt.Errorf("status: %v", err)
		}
		if s.Version != uint64(version) {
			return EthChain{}, fmt.Errorf("status: version %d, negotiated %d", s.Version, version)
		}
		return EthChain{s.NetworkID, s.Genesis, s.Fork.Hash, s.Fork.Next, s.Head, 0}, nil
	}
	var s status69
	if err := rlp.DecodeBytes(body, &s); err != nil {
		return EthChain{}, fmt.Errorf("status: %v", err)
	}
	if s.Version != uint64(version) {
		return EthChain{}, fmt.Errorf("status: version %d, negotiated %d", s.Version, version)
	}
	if s.Earliest > s.Latest {
		return EthChain{}, fmt.Errorf("status: earliest %d > latest %d", s.Earliest, s.Latest)
	}
	return EthChain{s.NetworkID, s.Genesis, s.Fork.Hash, s.Fork.Next, s.LatestHash, s.Latest}, nil
}
