package flblk

import (
	"math/big"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// World Chain's block access list, the optional last item of a Diff.

type SlotWrite struct {
	BlockAccessIndex uint64
	NewValue         *big.Int
}

type SlotChanges struct {
	Slot    *big.Int
	Changes []SlotWrite
}

type BalanceChange struct {
	BlockAccessIndex uint64
	PostBalance      *big.Int
}

type NonceChange struct {
	BlockAccessIndex, NewNonce uint64
}

type CodeChange struct {
	BlockAccessIndex uint64
	NewCode          []byte
}

type AccountChanges struct {
	Address        [20]byte
	StorageChanges []SlotChanges
	StorageReads   []*big.Int
	BalanceChanges []BalanceChange
	NonceChanges   []NonceChange
	CodeChanges    []CodeChange
}

type AccessList struct {
	Changes                []AccountChanges
	MinTxIndex, MaxTxIndex uint64
}

type AccessListData struct {
	List AccessList
	Hash [32]byte
}

// HashOf is keccak256(rlp(AccessList)).
func (l *AccessList) HashOf() [32]byte {
	raw, err := rlp.EncodeToBytes(l)
	if err != nil {
		panic(err) // every field of the struct is encodable
	}
	return crypto.Keccak256Hash(raw)
}
