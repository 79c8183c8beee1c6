package wholesim

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// pipeliner is a client of another make, outside the process: it sends requests without waiting for answers, and reads
// those at its own pace.
type pipeliner struct {
	s     *world
	p     *simkernel.Peer
	h     *house
	out   []byte
	got   []byte
	sent  []*fetch
	slow  bool
	fin   bool // it ends its side when it has sent everything; else its last request says so
	fails bool // by plan
	left  bool
	whole bool // it has read to the end
}

func newPipeliner(s *world) *pipeliner {
	c := &pipeliner{s: s, h: s.proxy, slow: s.chance(0.3), fin: s.chance(0.5)}
	if s.chance(0.5) {
		c.h = s.origin
	}
	s.left++
	s.w.After(s.within(100*time.Millisecond), c.begin)
	return c
}

func (c *pipeliner) begin() {
	s := c.s
	n := 1 + s.r.IntN(8)
	s.budget -= n
	for i := range n {
		o := s.newOrder()
		for o.act == 'x' || o.act == 'h' || o.act == 'p' && s.chance(0.7) || o.act == 'u' && o.method == "POST" {
			o = s.newOrder()
		}
		c.fails = c.fails || o.act == 'p'
		f := &fetch{order: o, s: s, id: len(s.fetches), to: c.h.address, manner: 'f', piped: true, ended: true}
		f.sent = text(f.id*2, f.size)
		s.fetches = append(s.fetches, f)
		if f.act == 'u' {
			s.shelves[f.shelf()] = append(s.shelves[f.shelf()], f)
		}
		c.sent = append(c.sent, f)
		c.out = append(c.out, c.request(f, i == n-1)...)
	}
	c.p = s.w.Dial(c.h.address)
	c.p.Notify(func(*simkernel.Peer) { c.step() })
	s.w.After(5*time.Minute, c.leave)
	if s.chance(0.1) {
		s.w.After(s.within(20*time.Millisecond), func() { c.fails = true; c.leave() })
	}
	c.step()
}

// request is what is sent for f.
func (c *pipeliner) request(f *fetch, last bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: a\r\nX-Id: %d\r\n", f.method, f.path, f.id)
	for i := 0; i < len(f.header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", f.header[i], f.header[i+1])
	}
	if last && !c.fin {
		b.WriteString("Connection: close\r\n")
	}
	switch {
	case f.size == 0 && f.method[0] != 'P':
		b.WriteString("\r\n")
	case c.s.chance(0.5):
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", f.size, f.sent)
	default:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		at := c.s.r.IntN(f.size + 1)
		for _, p := range [][]byte{f.sent[:at], f.sent[at:]} {
			if len(p) > 0 {
				fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
			}
		}
		b.WriteString("0\r\n\r\n")
	}
	return b.Bytes()
}

func (c *pipeliner) step() {
	if c.left {
		return
	}
	for len(c.out) > 0 {
		n := len(c.out)
		if c.slow {
			n = 1 + c.s.r.IntN(min(n, 5000))
		}
		n = c.p.Send(c.out[:n])
		c.out = c.out[n:]
		if n == 0 || c.slow {
			break
		}
	}
	if len(c.out) == 0 && c.fin {
		c.fin = false
		c.p.CloseWrite()
	}
	for {
		most := 64 << 10
		if c.slow {
			most = 1 + c.s.r.IntN(20_000)
		}
		b, err := c.p.Recv(most)
		c.got = append(c.got, b...)
		if err != nil {
			c.whole = err == io.EOF
			c.leave()
			return
		}
		if len(b) == 0 || c.slow {
			break
		}
	}
	if c.slow {
		c.s.w.After(c.s.within(2*time.Millisecond), func() {
			if !c.left && (c.p.Buffered() > 0 || len(c.out) > 0 || c.p.Ended()) {
				c.step()
			}
		})
	}
}

func (c *pipeliner) leave() {
	if c.left {
		return
	}
	c.left = true
	c.s.left--
	c.p.Close()
}

// judge looks at what was received.
func (c *pipeliner) judge() {
	s := c.s
	answered := 0
	r := bufio.NewReader(bytes.NewReader(c.got))
	for _, f := range c.sent {
		if f.seen > 1 && !f.idempotent() || f.seen > 2 {
			f.fail("the server was asked %d times", f.seen)
		}
		s.t.exchanges++
		closes := false
		res, err := http.ReadResponse(r, &http.Request{Method: f.method})
		for err == nil && res.StatusCode < 200 {
			res, err = http.ReadResponse(r, &http.Request{Method: f.method})
		}
		if err != nil {
			break
		}
		closes = res.Close
		f.want = f.promise(head{res.StatusCode, res.ContentLength, res.Header.Get})
		b, err := io.ReadAll(res.Body)
		why := f.want.wrong(b)
		if err == nil {
			why = f.want.short(b)
		}
		if why != "" {
			f.fail("of the response: %s; %v", why, err)
		}
		if err != nil {
			break
		}
		answered++
		if f.relayFailed || f.status >= 500 {
			s.t.add(fmt.Sprintf("pipelined, answered with %d", f.status))
		} else {
			s.t.whole++
			s.t.add("pipelined, whole")
		}
		if closes {
			break
		}
	}
	rest, _ := io.ReadAll(r)
	short := answered < len(c.sent)
	if short {
		s.t.count("pipelined, not answered", len(c.sent)-answered)
	}
	if c.whole && len(rest) > 0 && !short {
		s.fail("behind the last answer there is %.60q", rest)
	}
	limit := c.h.options.MaxRequestsPerSocket
	if s.kind && short && !c.fails && !s.cuts && !c.h.closed && !s.origin.closed && (limit == 0 || limit >= len(c.sent)) {
		s.fail("a pipeline of %d has %d answers and then %.60q, whole: %v, to %s, %s", len(c.sent), answered, rest, c.whole, c.h.name, names(c.sent))
	}
}

func names(list []*fetch) string {
	var all []string
	for _, f := range list {
		all = append(all, f.name())
	}
	return strings.Join(all, ", ")
}
