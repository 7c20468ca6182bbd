// Command peers measures what a message costs the process that sends it to many peers: flblkd beside go-ethereum's
// p2p.Server, in one run, the same receivers, messages of the same content and size.
//
//	go run . [-n 50] [-size 100000] [-count 100] [-pace 20ms] [-flblkd PATH] [-json] [-only geth|flblkd] [-limit 60s]
//
// Every sender is a process of its own: it encodes and signs each flashblock once and sends it to all receivers. Its CPU
// time is read from the kernel's per-process clock before the first and after the last message has arrived everywhere.
// The receivers are one more process; their CPU time does not count.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

type options struct {
	Peers  int
	Size   int
	Count  int
	Pace   time.Duration
	Flblkd string
	Only   string
	JSON   bool
}

// Result of one sender.
type Result struct {
	Sender          string  `json:"sender"`
	Peers           int     `json:"peers"`
	Bytes           int     `json:"bytes"`
	Messages        int     `json:"messages"`
	CPUPerDelivery  float64 `json:"cpu_us_per_delivery"`
	LatencyMsMedian float64 `json:"latency_ms_p50"`
	LatencyMsWorst  float64 `json:"latency_ms_max"`
}

func main() {
	var o options
	flag.IntVar(&o.Peers, "n", 50, "receivers")
	flag.IntVar(&o.Size, "size", 100_000, "bytes of transactions in each flashblock")
	flag.IntVar(&o.Count, "count", 100, "flashblocks")
	flag.DurationVar(&o.Pace, "pace", 20*time.Millisecond, "time between flashblocks")
	flag.StringVar(&o.Flblkd, "flblkd", "../../../build/release/plugin/flblkd", "program under test")
	flag.StringVar(&o.Only, "only", "", "geth or flblkd: one of the two")
	flag.BoolVar(&o.JSON, "json", false, "one line of JSON")
	flag.DurationVar(&stepLimit, "limit", stepLimit, "how long a sender or the receivers may take for one step")
	role := flag.String("role", "", "internal: geth or receivers")
	url := flag.String("url", "", "internal: the sender's enode")
	flag.Parse()
	if err := run(o, *role, *url); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(o options, role, url string) error {
	switch role {
	case "geth":
		return gethSender(o)
	case "receivers":
		return receivers(o, url)
	}
	var results []Result
	for _, sender := range []string{"geth", "flblkd"} {
		if o.Only != "" && o.Only != sender {
			continue
		}
		r, err := measure(o, sender)
		if err != nil {
			return fmt.Errorf("%s: %w", sender, err)
		}
		results = append(results, r)
	}
	report(o, results)
	return nil
}

func report(o options, results []Result) {
	ratio := 0.0
	if len(results) == 2 {
		ratio = results[0].CPUPerDelivery / results[1].CPUPerDelivery
	}
	if o.JSON {
		line, _ := json.Marshal(map[string]any{"results": results, "ratio_cpu": ratio})
		fmt.Println(string(line))
		return
	}
	fmt.Printf("%-8s %6s %9s %9s %16s %11s %11s\n", "sender", "peers", "bytes", "messages", "CPU us/delivery", "p50 ms", "max ms")
	for _, r := range results {
		fmt.Printf("%-8s %6d %9d %9d %16.1f %11.2f %11.2f\n", r.Sender, r.Peers, r.Bytes, r.Messages, r.CPUPerDelivery,
			r.LatencyMsMedian, r.LatencyMsWorst)
	}
	if ratio > 0 {
		fmt.Printf("go-ethereum needs %.1f times the CPU time of flblkd per delivered message\n", ratio)
	}
}
