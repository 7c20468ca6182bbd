package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"math/big"
	"math/rand/v2"

	"flblk.test/interop/flblk"
)

const perBlock = 50 // flashblocks of a block

var (
	authorizer = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	builder    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
)

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func authorization(slot uint64) flblk.Authorization {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], slot)
	id[0] = 3
	return flblk.Authorize(authorizer, id, slot, public(builder))
}

// transactions look like calldata to snappy: two thirds random, one third zero.
func transactions(size int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for left := size; left > 0; left -= 300 {
		tx := make([]byte, min(left, 300))
		for i := range tx {
			if i%96 < 64 {
				tx[i] = byte(random.Uint32())
			}
		}
		all = append(all, tx)
	}
	return all
}

func payload(auth flblk.Authorization, index uint64, txs [][]byte) *flblk.Payload {
	p := &flblk.Payload{PayloadID: auth.PayloadID, Index: index, Metadata: []byte(`{"fees":"0x0"}`),
		Diff: flblk.Diff{GasUsed: 21000 * (index + 1), Transactions: txs, Withdrawals: []flblk.Withdrawal{}}}
	if index == 0 {
		p.Base = &flblk.Base{BlockNumber: auth.Timestamp / 2, GasLimit: 30_000_000, Timestamp: auth.Timestamp, BaseFeePerGas: big.NewInt(7)}
	}
	return p
}
