package flblk

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/rlp"
	"github.com/golang/snappy"
)

func loadVectors(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("bad hex in a vector: %v", err)
	}
	return raw
}

func fill(b byte) (out [32]byte) {
	for i := range out {
		out[i] = b
	}
	return out
}

func seeded(b byte) ed25519.PrivateKey {
	seed := fill(b)
	return ed25519.NewKeyFromSeed(seed[:])
}

type frame struct {
	Name, Frame, Expect string
	AuthorizedMsg       string `json:"authorized_msg_rlp"`
	ActorSig            string `json:"actor_sig"`
}

// The payload which the pinned flashblock frame was made of.
func pinnedPayload() *Payload {
	accounts := []AccountChanges{{
		Address:        [20]byte{19: 0x42},
		StorageChanges: []SlotChanges{{Slot: big.NewInt(2), Changes: []SlotWrite{{1, big.NewInt(3)}}}},
		StorageReads:   []*big.Int{big.NewInt(4)},
		BalanceChanges: []BalanceChange{{3, big.NewInt(1_000_000)}},
		NonceChanges:   []NonceChange{{4, 42}},
		CodeChanges:    []CodeChange{{2, []byte{0xca, 0xfe}}},
	}}
	list := AccessList{Changes: accounts, MinTxIndex: 0, MaxTxIndex: 5}
	return &Payload{
		Index:    42,
		Metadata: []byte(`{"fees":"0x0"}`),
		Diff: Diff{
			StateRoot: fill(0x11), ReceiptsRoot: fill(0x22), GasUsed: 21000, BlockHash: fill(0x33),
			Transactions: [][]byte{{0xde, 0xad, 0xbe, 0xef}}, Withdrawals: []Withdrawal{{}},
			WithdrawalsRoot: fill(0x44), AccessList: &AccessListData{List: list, Hash: list.HashOf()},
		},
		Base: &Base{
			ParentBeaconBlockRoot: fill(0x55), ParentHash: fill(0x66), PrevRandao: fill(0x77), BlockNumber: 1234,
			GasLimit: 30_000_000, Timestamp: 1700000999, ExtraData: []byte("hi"), BaseFeePerGas: big.NewInt(1_000_000_000),
		},
	}
}

func TestPinnedFramesAreReproduced(t *testing.T) {
	var file struct{ Frames []frame }
	loadVectors(t, "flblk_pinned.json", &file)
	authorizer, builder := seeded(1), seeded(2)
	auth := Authorize(authorizer, [8]byte{}, 1700000001, builder.Public().(ed25519.PublicKey))
	made := map[string][]byte{
		"authorized_flashblock": append([]byte{MsgAuthorized}, Sign(builder, Flashblock, pinnedPayload(), auth)...),
		"start_publish":         append([]byte{MsgAuthorized}, Sign(builder, StartPublish, nil, auth)...),
		"stop_publish":          append([]byte{MsgAuthorized}, Sign(builder, StopPublish, nil, auth)...),
		"request_flashblocks":   {MsgRequest},
		"accept_flashblocks":    {MsgAccept},
		"reject_flashblocks":    {MsgReject},
		"cancel_flashblocks":    {MsgCancel},
	}
	if len(file.Frames) != len(made) {
		t.Fatalf("%d pinned frames, want %d", len(file.Frames), len(made))
	}
	for _, f := range file.Frames {
		if want := unhex(t, f.Frame); !bytes.Equal(made[f.Name], want) {
			t.Errorf("%s: made %x\nwant %x", f.Name, made[f.Name], want)
		}
	}
}

func TestPinnedFramesOpenAndReencode(t *testing.T) {
	var file struct{ Frames []frame }
	loadVectors(t, "flblk_pinned.json", &file)
	authorizer := seeded(1).Public().(ed25519.PublicKey)
	kinds := map[string]Kind{"authorized_flashblock": Flashblock, "start_publish": StartPublish, "stop_publish": StopPublish}
	for _, f := range file.Frames {
		kind, signed := kinds[f.Name]
		if !signed {
			continue
		}
		m, err := Open(unhex(t, f.Frame)[1:], authorizer)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if m.Kind != kind || hex.EncodeToString(m.ActorSig[:]) != f.ActorSig {
			t.Errorf("%s: opened as %v with signature %x", f.Name, m.Kind, m.ActorSig)
		}
		again, err := EncodeMsg(m.Kind, m.Payload)
		if err != nil || hex.EncodeToString(again) != f.AuthorizedMsg {
			t.Errorf("%s: encoded again as %x (%v)", f.Name, again, err)
		}
	}
}

func TestDerivedFramesGetTheirVerdict(t *testing.T) {
	var file struct{ Frames []frame }
	loadVectors(t, "flblk_derived.json", &file)
	want := map[string]error{
		"minimal_no_base_no_bal": nil, "index0_with_timestamp": nil, "tx_edge_lengths": nil,
		"noncanonical_metadata": nil, "rollup_boost_blob_gas_used": ErrBody, "wrong_actor_key": ErrActorSig,
		"wrong_authorizer": ErrAuthorizerSig, "tampered_sig": ErrActorSig,
	}
	authorizer := seeded(1).Public().(ed25519.PublicKey)
	seen := 0
	for _, f := range file.Frames {
		raw := unhex(t, f.Frame)
		verdict, signed := want[f.Name]
		if !signed {
			if raw[0] == MsgAuthorized {
				t.Errorf("%s (%s): no verdict in this test", f.Name, f.Expect)
			}
			continue
		}
		seen++
		if _, err := Open(raw[1:], authorizer); !errors.Is(err, verdict) {
			t.Errorf("%s: %v, want %v (%s)", f.Name, err, verdict, f.Expect)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d derived frames found", seen, len(want))
	}
}

func TestDerivedFrameBodies(t *testing.T) {
	var file struct {
		Bodies struct {
			Vectors []struct {
				Name string
				Eth  string `json:"shared_eth"`
				ID   string `json:"msg_id_byte"`
				Body string `json:"frame_body_literal_snappy"`
			}
		} `json:"devp2p_frame_bodies"`
	}
	loadVectors(t, "flblk_derived.json", &file)
	offsets := map[string]byte{"eth/68": 0x21, "eth/69": 0x22, "eth/70": 0x22, "eth/71": 0x24, "eth/72": 0x26, "none": 0x10}
	relative := map[string]byte{"request": MsgRequest, "start_publish": MsgAuthorized}
	authorizer := seeded(1).Public().(ed25519.PublicKey)
	if len(file.Bodies.Vectors) == 0 {
		t.Fatal("no frame bodies in the file")
	}
	for _, v := range file.Bodies.Vectors {
		raw := unhex(t, v.Body)
		if want := offsets[v.Eth] + relative[v.Name]; raw[0] != want || unhex(t, v.ID)[0] != want {
			t.Errorf("%s %s: id %#x, want %#x", v.Eth, v.Name, raw[0], want)
		}
		body, err := snappy.Decode(nil, raw[1:])
		if err != nil {
			t.Fatalf("%s %s: %v", v.Eth, v.Name, err)
		}
		if v.Name == "request" && len(body) != 0 {
			t.Errorf("%s request has a body: %x", v.Eth, body)
		}
		if v.Name != "request" {
			if _, err := Open(body, authorizer); err != nil {
				t.Errorf("%s %s: %v", v.Eth, v.Name, err)
			}
		}
	}
}

// What the reference tolerates: surplus items in the hand-written lists, junk after a Start tag, `80` for no access list.
func TestTolerantReading(t *testing.T) {
	authorizer, builder := seeded(1), seeded(2)
	pub := authorizer.Public().(ed25519.PublicKey)
	auth := Authorize(authorizer, [8]byte{1}, 7, builder.Public().(ed25519.PublicKey))
	junk := SignItems(builder, unhex(t, "c601846a756e6b"), auth.RLP())
	if m, err := Open(junk, pub); err != nil || m.Kind != StartPublish {
		t.Errorf("Start with junk: %v", err)
	}
	auth.Surplus = []rlp.RawValue{{0x05}}
	if _, err := Open(Sign(builder, StopPublish, nil, auth), pub); err != nil {
		t.Errorf("surplus item in the authorization: %v", err)
	}
	if _, err := Open(SignItems(builder, unhex(t, "c103"), auth.RLP()), pub); !errors.Is(err, ErrBody) {
		t.Errorf("tag 3: %v", err)
	}
	for _, broken := range []string{"", "80", "c0", strings.Repeat("ff", 9)} {
		if _, err := Open(unhex(t, broken), pub); !errors.Is(err, ErrEnvelope) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}
