package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
	"time"

	"flblk.test/interop/flblk"
	"flblk.test/interop/peer"
)

// receivers connects o.Peers raw RLPx sessions, subscribes each, and then, per command "expect K", waits until every
// one of them got K flashblocks. It reports when the last receiver had each.
func receivers(o options, url string) error {
	b := &bench{}
	defer b.finish()
	all := make([]*peer.Raw, o.Peers)
	for i := range all {
		raw, err := peer.TryRaw(b, url, peer.RawConfig{})
		if err != nil {
			return fmt.Errorf("receiver %d: %w", i, err)
		}
		raw.Send(raw.Flblk+flblk.MsgRequest, nil)
		raw.UntilCode(b, "Accept", raw.Flblk+flblk.MsgAccept, 10*time.Second)
		all[i] = raw
	}
	if err := say("subscribed"); err != nil {
		return err
	}
	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		var count int
		if _, err := fmt.Sscanf(commands.Text(), "expect %d", &count); err != nil {
			return err
		}
		arrivals, err := collect(all, count)
		if err != nil {
			return err
		}
		if err := say(arrivals); err != nil {
			return err
		}
	}
	return nil
}

// collect gives, per message, the unix nanoseconds at which the last receiver had it.
func collect(all []*peer.Raw, count int) ([]int64, error) {
	latest := make([]int64, count)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	for i, raw := range all {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < count; {
				m, ok := raw.Next(stepLimit)
				mu.Lock()
				if !ok {
					failed = fmt.Errorf("receiver %d: message %d of %d did not arrive", i, k, count)
					mu.Unlock()
					return
				}
				// StartPublish is 185 bytes; no flashblock is as short
				if m.Code == raw.Flblk+flblk.MsgAuthorized && len(m.Body) > 300 {
					latest[k] = max(latest[k], m.At.UnixNano())
					k++
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return latest, failed
}
