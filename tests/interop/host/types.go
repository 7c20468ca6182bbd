package host

// The messages of proto/flblk/v1 as far as the tests use them. Tags are the names in the .proto files; 64-bit
// integers are strings in protobuf's JSON.

type Authorization struct {
	PayloadID     []byte `json:"payload_id,omitempty"`
	Timestamp     uint64 `json:"timestamp,string,omitempty"`
	BuilderVK     []byte `json:"builder_vk,omitempty"`
	AuthorizerSig []byte `json:"authorizer_sig,omitempty"`
}

type Attributes struct {
	Timestamp   uint64  `json:"timestamp,string,omitempty"`
	BlockNumber *uint64 `json:"block_number,string,omitempty"`
	PayloadID   []byte  `json:"payload_id,omitempty"`
}

type ForkchoiceRequest struct {
	Attributes    *Attributes    `json:"attributes,omitempty"`
	Authorization *Authorization `json:"authorization,omitempty"`
}

type ForkchoiceResponse struct {
	State     string `json:"state"`
	NextIndex uint64 `json:"next_index,string"`
}

type Base struct {
	ParentBeaconBlockRoot []byte `json:"parent_beacon_block_root,omitempty"`
	ParentHash            []byte `json:"parent_hash,omitempty"`
	FeeRecipient          []byte `json:"fee_recipient,omitempty"`
	PrevRandao            []byte `json:"prev_randao,omitempty"`
	BlockNumber           uint64 `json:"block_number,string,omitempty"`
	GasLimit              uint64 `json:"gas_limit,string,omitempty"`
	Timestamp             uint64 `json:"timestamp,string,omitempty"`
	ExtraData             []byte `json:"extra_data,omitempty"`
	BaseFeePerGas         []byte `json:"base_fee_per_gas,omitempty"`
}

type Diff struct {
	StateRoot       []byte   `json:"state_root,omitempty"`
	ReceiptsRoot    []byte   `json:"receipts_root,omitempty"`
	LogsBloom       []byte   `json:"logs_bloom,omitempty"`
	GasUsed         uint64   `json:"gas_used,string,omitempty"`
	BlockHash       []byte   `json:"block_hash,omitempty"`
	Transactions    [][]byte `json:"transactions,omitempty"`
	WithdrawalsRoot []byte   `json:"withdrawals_root,omitempty"`
}

type Flashblock struct {
	PayloadID    []byte `json:"payload_id,omitempty"`
	Index        uint64 `json:"index,string,omitempty"`
	Diff         *Diff  `json:"diff,omitempty"`
	MetadataJSON string `json:"metadata_json,omitempty"`
	Base         *Base  `json:"base,omitempty"`
}

type PublishRequest struct {
	Flashblock    *Flashblock `json:"flashblock,omitempty"`
	FlashblockRLP []byte      `json:"flashblock_rlp,omitempty"`
	Sequence      uint64      `json:"sequence,string,omitempty"`
}

type PublishResponse struct {
	Sequence  uint64 `json:"sequence,string"`
	Code      uint32 `json:"code"`
	Message   string `json:"message"`
	PayloadID []byte `json:"payload_id"`
	Index     uint64 `json:"index,string"`
	NextIndex uint64 `json:"next_index,string"`
}

type PublishingEvent struct {
	State         string         `json:"state"`
	Previous      string         `json:"previous"`
	Cause         string         `json:"cause"`
	Authorization *Authorization `json:"authorization"`
	RivalVK       []byte         `json:"rival_vk"`
	NextIndex     uint64         `json:"next_index,string"`
	Flashblocks   []Flashblock   `json:"flashblocks"`
}

type SubscribeRequest struct {
	IncludeRLP bool `json:"include_rlp,omitempty"`
}

type VerifiedFlashblock struct {
	Flashblock    Flashblock    `json:"flashblock"`
	Authorization Authorization `json:"authorization"`
	ActorSig      []byte        `json:"actor_sig"`
	Own           bool          `json:"own"`
	AuthorizedRLP []byte        `json:"authorized_rlp"`
}

type NodeInfo struct {
	Enode      string `json:"enode"`
	NodeID     []byte `json:"node_id"`
	BuilderVK  []byte `json:"builder_vk"`
	State      string `json:"state"`
	Peers      uint32 `json:"peers"`
	ListenPort uint32 `json:"listen_port"`
}

type Peer struct {
	NodeID        []byte `json:"node_id"`
	ClientID      string `json:"client_id"`
	Inbound       bool   `json:"inbound"`
	FlblkVersion  uint32 `json:"flblk_version"`
	EthVersion    uint32 `json:"eth_version"`
	Dropped       uint64 `json:"dropped_flashblocks,string"`
	SendingTo     bool   `json:"sending_to"`
	ReceivingFrom bool   `json:"receiving_from"`
	Penalty       int32  `json:"penalty"`
}

type PeerList struct {
	Peers []Peer `json:"peers"`
}

type AddPeerRequest struct {
	Enode   string `json:"enode"`
	Trusted bool   `json:"trusted,omitempty"`
}

type empty struct{}
