package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stepLimit bounds each wait for another process (-limit).
var stepLimit = 60 * time.Second

// child is a copy of this program in another role. It speaks lines of JSON on its standard output and takes lines on
// its standard input.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

func startChild(o options, role, url string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, "-role", role, "-url", url, "-n", strconv.Itoa(o.Peers), "-size",
		strconv.Itoa(o.Size), "-count", strconv.Itoa(o.Count), "-pace", o.Pace.String(), "-limit", stepLimit.String()), lines: make(chan string, 16)}
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			c.lines <- scan.Text()
		}
	}()
	return c, nil
}

// read takes the child's next line.
func (c *child) read(limit time.Duration, into any) error {
	select {
	case line, ok := <-c.lines:
		if !ok {
			return fmt.Errorf("%s ended early", c.cmd.Args[2])
		}
		return json.Unmarshal([]byte(line), into)
	case <-time.After(limit):
		return fmt.Errorf("%s: nothing within %v", c.cmd.Args[2], limit)
	}
}

func (c *child) write(line string) error {
	_, err := fmt.Fprintln(c.in, line)
	return err
}

func (c *child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// say prints one line for the parent.
func say(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(line))
	return err
}

// cpuTime is the CPU time of a whole process so far, all threads.
func cpuTime(pid int) (time.Duration, error) {
	const schedClock = 2 // CPUCLOCK_SCHED of the kernel's clock ids: (~pid << 3) | 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedClock), &ts); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}
