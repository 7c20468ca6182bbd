package flblk

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"
	"lukechampine.com/blake3"
)

var (
	ErrAuthorizerSig = errors.New("authorizer signature")
	ErrActorSig      = errors.New("builder signature")
	ErrBody          = errors.New("flashblock body")
)

// Digest is what the authorizer signs: BLAKE3(payload_id || timestamp LE || builder_vk).
func (a *Authorization) Digest() [32]byte {
	buf := append([]byte{}, a.PayloadID[:]...)
	buf = binary.LittleEndian.AppendUint64(buf, a.Timestamp)
	return blake3.Sum256(append(buf, a.BuilderVK[:]...))
}

// RLP is the item as it stands in a message.
func (a *Authorization) RLP() []byte {
	raw, err := rlp.EncodeToBytes(a)
	if err != nil {
		panic(err) // every field of the struct is encodable
	}
	return raw
}

// Authorize makes the sequencer's permission.
func Authorize(authorizer ed25519.PrivateKey, id [8]byte, timestamp uint64, builder ed25519.PublicKey) Authorization {
	a := Authorization{PayloadID: id, Timestamp: timestamp, BuilderVK: [32]byte(builder)}
	digest := a.Digest()
	a.AuthorizerSig = [64]byte(ed25519.Sign(authorizer, digest[:]))
	return a
}

// SignItems signs and wraps two items that are already encoded, whatever they hold.
func SignItems(builder ed25519.PrivateKey, msg, auth []byte) []byte {
	env := Authorized{Msg: msg, Auth: auth, ActorSig: [64]byte(ed25519.Sign(builder, actorDigest(msg, auth)))}
	raw, err := rlp.EncodeToBytes(&env)
	if err != nil {
		panic(err) // raw items and an array
	}
	return raw
}

// Sign makes the whole body of message 0x00.
func Sign(builder ed25519.PrivateKey, kind Kind, p *Payload, auth Authorization) []byte {
	msg, err := EncodeMsg(kind, p)
	if err != nil {
		panic(fmt.Sprintf("encoding a %v: %v", kind, err)) // a nil base fee: fault of the caller
	}
	return SignItems(builder, msg, auth.RLP())
}

// Open checks grammar, both signatures (over the bytes received) and the body, in the reference's order.
func Open(raw []byte, authorizer ed25519.PublicKey) (*Message, error) {
	env, auth, err := split(raw)
	if err != nil {
		return nil, err
	}
	digest := auth.Digest()
	if !ed25519.Verify(authorizer, digest[:], auth.AuthorizerSig[:]) {
		return nil, ErrAuthorizerSig
	}
	if !ed25519.Verify(auth.BuilderVK[:], actorDigest(env.Msg, env.Auth), env.ActorSig[:]) {
		return nil, ErrActorSig
	}
	kind, payload, err := decodeBody(env.Msg)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBody, err)
	}
	return &Message{Raw: raw, Kind: kind, Auth: auth, ActorSig: env.ActorSig, Payload: payload}, nil
}

func actorDigest(msg, auth []byte) []byte {
	digest := blake3.Sum256(append(append([]byte{}, msg...), auth...))
	return digest[:]
}
