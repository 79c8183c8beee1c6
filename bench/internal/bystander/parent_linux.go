package bystander

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Run starts this program again as the child of one case, sends stamps to its reading goroutine every two milliseconds
// and returns what it measured.
func Run(ctx context.Context, c Case) (Result, error) {
	var r Result
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.For+15*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "bystander-child", strconv.Itoa(c.Loops), strconv.Itoa(c.Procs), c.For.String())
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	err = converse(bufio.NewReader(out), &r)
	if err != nil {
		cancel()
	}
	if e := cmd.Wait(); err == nil {
		err = e
	}
	if err != nil {
		err = fmt.Errorf("bystander: %w", err)
	}
	return r, err
}

func converse(out *bufio.Reader, r *Result) error {
	addr, err := out.ReadString('\n')
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", strings.TrimSpace(addr))
	if err != nil {
		return err
	}
	defer conn.Close()
	done := make(chan error, 1)
	go func() { done <- json.NewDecoder(out).Decode(r) }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			var stamp [8]byte
			binary.LittleEndian.PutUint64(stamp[:], uint64(now()))
			conn.Write(stamp[:]) // once the child has stopped reading it fails, and nobody minds
		}
	}
}
