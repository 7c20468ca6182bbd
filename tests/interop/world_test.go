// Package interop holds the scenarios: foreign nodes (package peer) around one or more real flblkd processes
// (package host).
package interop

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/rlp"

	"flblk.test/interop/flblk"
	"flblk.test/interop/host"
	"flblk.test/interop/peer"
)

const soon = 10 * time.Second // the bound of everything that should happen at once

// The first slot is this old, in seconds: a test plays its blocks quicker than a chain does, and what a stranger brings
// to a node that has just started must be neither stale nor in the future.
const slotsBegin = 8

// world is one network: its authorizer and its clock of slots.
type world struct {
	authorizer ed25519.PrivateKey
	slot       uint64
}

func newWorld() *world {
	return &world{authorizer: newSigner()}
}

func newSigner() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	return key
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func (w *world) vk() ed25519.PublicKey { return public(w.authorizer) }

// next moves the clock to the next slot.
func (w *world) next() uint64 {
	if w.slot == 0 {
		w.slot = uint64(time.Now().Unix()) - slotsBegin
	}
	w.slot += 2
	return w.slot
}

// payloadID is the id of the block built in a slot, the same for every builder.
func payloadID(slot uint64) (id [8]byte) {
	binary.BigEndian.PutUint64(id[:], slot)
	id[0] = 3
	return id
}

// authorize lets `builder` publish the block of a slot.
func (w *world) authorize(builder ed25519.PrivateKey, slot uint64) flblk.Authorization {
	return flblk.Authorize(w.authorizer, payloadID(slot), slot, public(builder))
}

// content is the one right flashblock for a slot and index; `size` is the length of its transaction data.
func content(slot, index uint64, size int) *flblk.Payload {
	seed := sha256.Sum256(fmt.Appendf(nil, "%d/%d", slot, index))
	transaction := make([]byte, size)
	rand.NewChaCha8(seed).Read(transaction)
	p := &flblk.Payload{
		PayloadID: payloadID(slot), Index: index, Metadata: []byte(`{"fees":"0x0"}`),
		Diff: flblk.Diff{
			StateRoot: seed, ReceiptsRoot: sha256.Sum256(seed[:]), GasUsed: 21000 * (index + 1), BlockHash: seed,
			Transactions: [][]byte{transaction}, Withdrawals: []flblk.Withdrawal{},
		},
	}
	if index == 0 {
		p.Base = &flblk.Base{ParentHash: seed, BlockNumber: blockNumber(slot), GasLimit: 30_000_000, Timestamp: slot,
			ExtraData: []byte("x"), BaseFeePerGas: big.NewInt(7)}
	}
	return p
}

func blockNumber(slot uint64) uint64 { return slot / 2 }

// delta is the same flashblock as the host hands it in: typed at even indices, as RLP at odd ones.
func delta(p *flblk.Payload) host.PublishRequest {
	if p.Index%2 == 1 {
		raw, err := rlp.EncodeToBytes(p)
		if err != nil {
			panic(err)
		}
		return host.PublishRequest{FlashblockRLP: raw}
	}
	f := &host.Flashblock{Index: p.Index, MetadataJSON: string(p.Metadata), Diff: &host.Diff{
		StateRoot: p.Diff.StateRoot[:], ReceiptsRoot: p.Diff.ReceiptsRoot[:], GasUsed: p.Diff.GasUsed,
		BlockHash: p.Diff.BlockHash[:], Transactions: p.Diff.Transactions,
	}}
	if b := p.Base; b != nil {
		zero := make([]byte, 32)
		f.Base = &host.Base{ParentBeaconBlockRoot: zero, ParentHash: b.ParentHash[:], FeeRecipient: zero[:20],
			PrevRandao: zero, BlockNumber: b.BlockNumber, GasLimit: b.GasLimit, Timestamp: b.Timestamp,
			ExtraData: b.ExtraData, BaseFeePerGas: b.BaseFeePerGas.Bytes()}
	}
	return host.PublishRequest{Flashblock: f}
}

// publisher is a node of ours with its host connected.
type publisher struct {
	*host.Process
	key    ed25519.PrivateKey
	stream *host.Publisher
	watch  *host.Watcher
}

func (w *world) startPublisher(t *testing.T, name string, flags ...string) *publisher {
	t.Helper()
	return w.startPublisherAt(t, "", name, flags...)
}

func (w *world) startPublisherAt(t *testing.T, addr, name string, flags ...string) *publisher {
	t.Helper()
	key := newSigner()
	node := host.Start(t, host.Config{Name: name, Authorizer: w.vk(), Builder: key, Addr: addr, Flags: flags})
	watch, first := node.Watch(t)
	if first.State != host.Idle {
		t.Fatalf("node %s starts as %s", name, first.State)
	}
	return &publisher{Process: node, key: key, stream: node.Publisher(t), watch: watch}
}

func (w *world) startRelay(t *testing.T, name string, flags ...string) *host.Process {
	t.Helper()
	return host.Start(t, host.Config{Name: name, Authorizer: w.vk(), Flags: flags})
}

// begin authorizes the node for a slot, which must clear it to publish.
func (p *publisher) begin(t *testing.T, w *world, slot uint64) {
	t.Helper()
	if r := p.Forkchoice(t, w.authorize(p.key, slot), blockNumber(slot)); r.State != host.Publishing {
		t.Fatalf("node %s in slot %d: %s, want %s", p.Name, slot, r.State, host.Publishing)
	}
}

// publish sends the flashblocks from..to-1 of a slot.
func (p *publisher) publish(t *testing.T, slot, from, to uint64, size int) {
	t.Helper()
	for i := from; i < to; i++ {
		if r := p.stream.Must(t, delta(content(slot, i, size))); r.Index != i || r.NextIndex != i+1 {
			t.Fatalf("published index %d of slot %d: answer %+v", i, slot, r)
		}
	}
}

// listener verifies everything that comes over one foreign session.
type listener struct {
	*peer.Session
	w *world
}

// next takes the next signed message; any invalid one fails the test.
func (l *listener) next(t testing.TB, what string, limit time.Duration) *flblk.Message {
	t.Helper()
	m := l.UntilCode(t, what, flblk.MsgAuthorized, limit)
	opened, err := flblk.Open(m.Body, l.w.vk())
	if err != nil {
		t.Fatalf("%s: the node sent an invalid message: %v", what, err)
	}
	return opened
}

// kind takes signed messages until one is of a kind and by a builder.
func (l *listener) kind(t testing.TB, kind flblk.Kind, by ed25519.PrivateKey) *flblk.Message {
	t.Helper()
	for deadline := time.Now().Add(soon); ; {
		m := l.next(t, kind.String(), time.Until(deadline))
		if m.Kind == kind && bytes.Equal(m.Auth.BuilderVK[:], public(by)) {
			return m
		}
	}
}

// block takes the flashblocks from..to-1 of a slot: in order, each once, with the right content, all by one builder.
// Start and Stop messages between them are passed over.
func (l *listener) block(t testing.TB, slot, from, to uint64, size int, by ed25519.PrivateKey) {
	t.Helper()
	for i := from; i < to; {
		m := l.next(t, fmt.Sprintf("flashblock %d of slot %d", i, slot), soon)
		if m.Kind != flblk.Flashblock {
			continue
		}
		if err := checkFlashblock(m, slot, i, size, by); err != nil {
			t.Fatal(err)
		}
		i++
	}
}

func checkFlashblock(m *flblk.Message, slot, index uint64, size int, by ed25519.PrivateKey) error {
	p, want := m.Payload, content(slot, index, size)
	if m.Auth.Timestamp != slot || m.Auth.PayloadID != want.PayloadID || p.PayloadID != want.PayloadID || p.Index != index {
		return fmt.Errorf("flashblock %d of slot %d (payload %x), want %d of slot %d", p.Index, m.Auth.Timestamp, p.PayloadID, index, slot)
	}
	if !bytes.Equal(m.Auth.BuilderVK[:], public(by)) {
		return fmt.Errorf("flashblock %d of slot %d is by %x, want %x", index, slot, m.Auth.BuilderVK, public(by))
	}
	got, _ := rlp.EncodeToBytes(p)
	if expected, _ := rlp.EncodeToBytes(want); !bytes.Equal(got, expected) {
		return fmt.Errorf("flashblock %d of slot %d differs:\n got %+v\nwant %+v", index, slot, p, want)
	}
	return nil
}

// silence fails the test where a signed message arrives within `span`.
func (l *listener) silence(t testing.TB, span time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(span); ; {
		m, ok := l.Next(time.Until(deadline))
		if !ok {
			return
		}
		if m.Code == flblk.MsgAuthorized {
			opened, err := flblk.Open(m.Body, l.w.vk())
			t.Fatalf("unexpected message: %+v (%v)", opened, err)
		}
	}
}

// subscribe connects a fresh foreign node and asks for flashblocks.
func (w *world) subscribe(t *testing.T, name, url string) *listener {
	t.Helper()
	s := peer.Start(t, peer.Config{Name: name}).Connect(t, url)
	s.Subscribe(t)
	return &listener{s, w}
}

// rival is a foreign builder connected to a node of ours.
type rival struct {
	*listener
	key ed25519.PrivateKey
}

func (w *world) startRival(t *testing.T, url string) *rival {
	t.Helper()
	return &rival{w.subscribe(t, "rival", url), newSigner()}
}

// send signs and sends one message of the rival.
func (r *rival) send(t testing.TB, kind flblk.Kind, p *flblk.Payload, auth flblk.Authorization) []byte {
	t.Helper()
	raw := flblk.Sign(r.key, kind, p, auth)
	r.MustSend(t, flblk.MsgAuthorized, raw)
	return raw
}

func (r *rival) start(t testing.TB, slot uint64) []byte {
	return r.send(t, flblk.StartPublish, nil, r.w.authorize(r.key, slot))
}

func (r *rival) stop(t testing.TB, slot uint64) []byte {
	return r.send(t, flblk.StopPublish, nil, r.w.authorize(r.key, slot))
}

// publish sends the flashblocks from..to-1 of a slot.
func (r *rival) publish(t testing.TB, slot, from, to uint64, size int) {
	for i := from; i < to; i++ {
		r.send(t, flblk.Flashblock, content(slot, i, size), r.w.authorize(r.key, slot))
	}
}
