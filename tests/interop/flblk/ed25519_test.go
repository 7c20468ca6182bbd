package flblk

import (
	"crypto/ed25519"
	"testing"
)

// The reference verifies as ed25519-dalek's `verify` does. A stricter or laxer verifier would split the network.

func TestEd25519EdgeCases(t *testing.T) {
	var file struct {
		Semantics []struct {
			Name      string
			PublicKey string `json:"public_key"`
			Message   string
			Signature string
			Verdict   bool `json:"dalek_verify"`
		} `json:"ed25519_semantics"`
	}
	loadVectors(t, "flblk_derived.json", &file)
	if len(file.Semantics) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Semantics {
		if got := ed25519.Verify(unhex(t, v.PublicKey), unhex(t, v.Message), unhex(t, v.Signature)); got != v.Verdict {
			t.Errorf("%s: %v, want %v", v.Name, got, v.Verdict)
		}
	}
}

func TestEd25519ValidationVectors(t *testing.T) {
	var file struct {
		Vectors []struct {
			Number   int
			Key, Sig string
			Msg      string `json:"msg_utf8"`
			Verdict  bool   `json:"dalek_verify"`
		}
	}
	loadVectors(t, "ed25519_dalek_validation.json", &file)
	if len(file.Vectors) != 914 {
		t.Fatalf("%d vectors, want 914", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		if got := ed25519.Verify(unhex(t, v.Key), []byte(v.Msg), unhex(t, v.Sig)); got != v.Verdict {
			t.Errorf("vector %d: %v, want %v", v.Number, got, v.Verdict)
		}
	}
}
