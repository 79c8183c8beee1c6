package loop

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/weir-go/weir/reactor"
)

// TestGCStress churns through connections in a process that collects garbage all the time: what a system call or a
// queue reads after it was given back shows up as other bytes than were sent, or as a crash.
func TestGCStress(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=churn", "GOGC=1", "GODEBUG=clobberfree=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const (
	churnConns   = 1500
	churnBytes   = 150_000 // more than a socket takes at once, so that it is queued, sealed and sent in parts
	churnAtATime = 8
)

// churn connects, has an amount of bytes echoed that are different each time, checks them and closes, over and over.
func churn() int {
	l, err := New(Options{Repanic: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil {
				c.CloseWrite(func(error) { c.Close(nil) })
				return
			}
			c.WriteBorrowed(p, nil)
		}))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	made, ended, status := 0, 0, 0
	var next func()
	next = func() {
		if made == churnConns {
			return
		}
		made++
		payload := make([]byte, churnBytes)
		for i := range payload {
			payload[i] = byte(i*7 + i>>8 + made)
		}
		var c *reactor.Conn
		got := 0
		c, err = l.Connect("tcp", ln.Addr().String(), func(err error) {
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				status = 1
			}
			c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
				switch {
				case err == nil && got+len(p) <= len(payload) && bytes.Equal(p, payload[got:got+len(p)]):
					got += len(p)
					return
				case err != io.EOF || got != len(payload):
					fmt.Fprintf(os.Stderr, "connection %d: wrong bytes or end at %d: %v\n", made, got, err)
					status = 1
				}
				c.Close(func() {
					if ended++; ended == churnConns {
						ln.Close(nil)
					}
					next()
				})
			}))
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		half := len(payload) / 2
		c.Write([][]byte{payload[:100], payload[100:half]}, nil)
		c.Write([][]byte{payload[half:]}, func(error) { c.CloseWrite(nil) })
	}
	for range churnAtATime {
		next()
	}
	if err := l.Run(); err != nil || ended != churnConns {
		fmt.Fprintf(os.Stderr, "%d of %d ended: %v\n", ended, churnConns, err)
		return 1
	}
	if err := l.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}
