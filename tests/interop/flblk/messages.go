// Package flblk is a second, independent implementation of the flashblocks sub-protocol `flblk`: its messages
// and signatures. It shares no code with the node under test; only the specification and the byte vectors in
// tests/vectors are common.
package flblk

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/rlp"
)

// Message ids, relative to the capability's offset. flblk/1 has only the first.
const (
	MsgAuthorized = 0x00
	MsgRequest    = 0x01
	MsgAccept     = 0x02
	MsgReject     = 0x03
	MsgCancel     = 0x04
)

// Kind is the tag of the union inside an Authorized message.
type Kind uint8

const (
	Flashblock   Kind = 0
	StartPublish Kind = 1
	StopPublish  Kind = 2
)

func (k Kind) String() string {
	switch k {
	case Flashblock:
		return "flashblock"
	case StartPublish:
		return "StartPublish"
	case StopPublish:
		return "StopPublish"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Authorization is the sequencer's permission for one builder key to publish one payload.
//
//	[ payload_id(8), timestamp, builder_vk(32), authorizer_sig(64) ]
type Authorization struct {
	PayloadID     [8]byte
	Timestamp     uint64 // L2 block time, unix seconds
	BuilderVK     [32]byte
	AuthorizerSig [64]byte
	Surplus       []rlp.RawValue `rlp:"tail"` // read and ignored
}

// Withdrawal is [index, validator_index, address, amount].
type Withdrawal struct {
	Index, ValidatorIndex uint64
	Address               [20]byte
	Amount                uint64
}

// Diff holds cumulative roots, bloom, gas and hash; transactions and withdrawals are only the new ones.
type Diff struct {
	StateRoot, ReceiptsRoot [32]byte
	LogsBloom               [256]byte
	GasUsed                 uint64
	BlockHash               [32]byte
	Transactions            [][]byte
	Withdrawals             []Withdrawal
	WithdrawalsRoot         [32]byte
	AccessList              *AccessListData `rlp:"optional,nilString"`
}

// Base is the fixed part of a block, present at index 0.
type Base struct {
	ParentBeaconBlockRoot, ParentHash [32]byte
	FeeRecipient                      [20]byte
	PrevRandao                        [32]byte
	BlockNumber, GasLimit, Timestamp  uint64
	ExtraData                         []byte
	BaseFeePerGas                     *big.Int
}

// Payload is FlashblocksPayloadV1.
type Payload struct {
	PayloadID [8]byte
	Index     uint64
	Diff      Diff
	Metadata  []byte         // JSON, kept byte for byte
	Base      *Base          `rlp:"nilString"`
	Surplus   []rlp.RawValue `rlp:"tail"` // read and ignored
}

// Authorized is the signed envelope; Msg and Auth hold the two signed items exactly as received.
type Authorized struct {
	Msg      rlp.RawValue
	Auth     rlp.RawValue
	ActorSig [64]byte
	Surplus  []rlp.RawValue `rlp:"tail"`
}

// Message is an envelope taken apart. Raw is what was received and what a relay must forward.
type Message struct {
	Raw      []byte
	Kind     Kind
	Auth     Authorization
	ActorSig [64]byte
	Payload  *Payload // Kind == Flashblock only
}

// Grammar violations that end a session in the reference, as opposed to errors in the signed body.
var ErrEnvelope = errors.New("flblk envelope")

// split takes the envelope apart without looking into the body and without checking signatures.
func split(raw []byte) (Authorized, Authorization, error) {
	var env Authorized
	var auth Authorization
	if err := rlp.DecodeBytes(raw, &env); err != nil {
		return env, auth, fmt.Errorf("%w: %v", ErrEnvelope, err)
	}
	if err := rlp.DecodeBytes(env.Auth, &auth); err != nil {
		return env, auth, fmt.Errorf("%w: authorization: %v", ErrEnvelope, err)
	}
	if kind, _, _, err := rlp.Split(env.Msg); err != nil || kind != rlp.List {
		return env, auth, fmt.Errorf("%w: message is not a list", ErrEnvelope)
	}
	return env, auth, nil
}

// decodeBody reads [tag, body?]. Start and Stop have no body; what follows their tag is ignored.
func decodeBody(msg []byte) (Kind, *Payload, error) {
	content, _, err := rlp.SplitList(msg)
	if err != nil {
		return 0, nil, err
	}
	tag, rest, err := rlp.SplitUint64(content)
	if err != nil {
		return 0, nil, fmt.Errorf("tag: %v", err)
	}
	switch Kind(tag) {
	case StartPublish, StopPublish:
		return Kind(tag), nil, nil
	case Flashblock:
	default:
		return 0, nil, fmt.Errorf("unknown tag %d", tag)
	}
	_, _, after, err := rlp.Split(rest)
	if err != nil {
		return 0, nil, fmt.Errorf("flashblock: %v", err)
	}
	var p Payload
	if err := rlp.DecodeBytes(rest[:len(rest)-len(after)], &p); err != nil {
		return 0, nil, fmt.Errorf("flashblock: %v", err)
	}
	return Flashblock, &p, nil
}

// EncodeMsg writes the union [tag, body?].
func EncodeMsg(kind Kind, p *Payload) ([]byte, error) {
	if kind != Flashblock {
		return rlp.EncodeToBytes([]any{uint8(kind)})
	}
	return rlp.EncodeToBytes([]any{uint8(kind), p})
}
