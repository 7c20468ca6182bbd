package main

import (
	"fmt"
	"os"
	"testing"
)

// bench lends the helpers of the interop suite, which expect a test, to a program: a failure ends it.
type bench struct {
	testing.TB
	cleanups []func()
}

func (b *bench) Helper()             {}
func (b *bench) Failed() bool        { return false }
func (b *bench) Cleanup(f func())    { b.cleanups = append(b.cleanups, f) }
func (b *bench) Logf(string, ...any) {}
func (b *bench) Errorf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "peers: "+format+"\n", args...)
}

func (b *bench) Fatalf(format string, args ...any) {
	b.Errorf(format, args...)
	b.finish()
	os.Exit(1)
}

func (b *bench) Fatal(args ...any) { b.Fatalf("%s", fmt.Sprint(args...)) }

// finish runs the cleanups, newest first.
func (b *bench) finish() {
	for len(b.cleanups) > 0 {
		last := b.cleanups[len(b.cleanups)-1]
		b.cleanups = b.cleanups[:len(b.cleanups)-1]
		last()
	}
}
