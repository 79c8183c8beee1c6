package faults

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/weir-go/weir/internal/simkernel"
)

// peer is the far end of the connection that is struck.
type peer struct {
	r    *rig
	p    far
	got  []byte
	err  error // how it has ended
	gone bool  // by its own doing
	deaf bool
	ours int // the descriptor of our end

	unread int // bytes that were sent in this instant
}

func (r *rig) peer(p far, fd int) *peer {
	x := &peer{r: r, p: p, ours: fd}
	r.peers = append(r.peers, x)
	if p, ok := p.(*simkernel.Peer); ok {
		p.Notify(func(*simkernel.Peer) { x.read() })
	}
	return x
}

func (x *peer) read() {
	for !x.deaf && x.err == nil && !x.gone {
		b, err := x.p.Recv(64 << 10)
		x.got = append(x.got, b...)
		if err != nil {
			x.err = err
		} else if len(b) == 0 {
			return
		}
	}
}

// listen has the peer read again.
func (x *peer) listen() {
	x.deaf = false
	for range 200 {
		n := len(x.got)
		x.read()
		x.r.run()
		if len(x.got) == n {
			return
		}
	}
}

func (x *peer) send(s string) {
	x.r.t.Helper()
	for len(s) > 0 {
		n := x.p.Send([]byte(s))
		if n == 0 {
			return // what we do not read
		}
		s = s[n:]
		x.unread += n
	}
}

func (x *peer) reset() {
	x.read()
	x.gone = true
	x.p.Reset()
}

func (x *peer) fin() { x.p.CloseWrite() }

// strike is a fault of the network's or the kernel's.
func (x *peer) strike() {
	r := x.r
	if r.struck || r.spent {
		return
	}
	r.struck = true
	switch r.f {
	case finArrives:
		x.fin()
	case rstArrives:
		x.reset()
	case readFails:
		r.k.victim, r.k.failRead, r.k.readable = x.ours, r.errno().errno, x.unread
		x.p.Send([]byte("?")) // or nobody would read
	case writeFails:
		r.k.victim, r.k.failWrite = x.ours, r.errno().errno
	}
}

// take reads a little, so that there is room for more.
func (x *peer) take() {
	for range 2 {
		b, _ := x.p.Recv(48 << 10)
		x.got = append(x.got, b...)
		x.r.run()
	}
}

// wire is how the connection has ended for the peer, if that has not ended it itself; what says what it has got.
func (x *peer) wire(what string) {
	if x.gone {
		return
	}
	x.listen()
	how := "open"
	switch {
	case errors.Is(x.err, io.EOF):
		how = "end"
	case x.err != nil:
		how = "reset"
	}
	x.r.note(strings.TrimSpace("wire "+what) + " " + how)
}

// answers says which responses there are in what a client has got: "200", or "200cut" if that is not whole.
func answers(got []byte) string {
	var all []string
	in := bufio.NewReader(bytes.NewReader(got))
	for {
		if _, err := in.Peek(1); err != nil {
			break
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			all = append(all, "cut")
			break
		}
		what := strconv.Itoa(res.StatusCode)
		_, err = io.Copy(io.Discard, res.Body)
		if err != nil {
			what += "cut"
		}
		all = append(all, what)
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ",")
}
