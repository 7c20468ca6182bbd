package interop

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// checkStamp demands World Chain's canonical form with zero fees and a creation time since `before`.
func checkStamp(t *testing.T, metadata []byte, before time.Time) {
	t.Helper()
	var m struct {
		Fees      string
		Timestamp int64 `json:"flashblock_timestamp"`
	}
	if err := json.Unmarshal(metadata, &m); err != nil {
		t.Fatalf("metadata %s: %v", metadata, err)
	}
	if want := fmt.Sprintf(`{"fees":"0x0","flashblock_timestamp":%d}`, m.Timestamp); string(metadata) != want {
		t.Fatalf("metadata %s, want the form %s", metadata, want)
	}
	if at := time.Unix(0, m.Timestamp); at.Before(before) || at.After(time.Now()) {
		t.Fatalf("stamped %v, published between %v and now", at, before)
	}
}
