package httpcore_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// A scene is one conversation: a server on a loop with a handler, a raw client that follows a script, what has to be on the
// wire, and what the handler has to be told, in which order.
type scene struct {
	name    string
	options httpcore.ServerOptions
	setup   func(x *stage)
	handler func(x *stage, q *httpcore.IncomingMessage, r *httpcore.ServerResponse)
	client  func(c *client) // nil sends get()

	// wire is all that the client gets, with | for CRLF and - for the value of Date.
	wire string
	// ends says that the connection is over then; otherwise it has to answer one more request.
	ends bool
	// events are those of the server's end, in order, with "; " between them.
	events string
	// writes is how many system calls the wire takes; 0 is any number.
	writes uint64
	// whole is for a scene whose events depend on how the bytes arrive: it is not played over a transport that cuts them.
	whole bool
}

// What heads have in common: those of a connection that goes on, and of one that does not.
const (
	live = "Date: -|Connection: keep-alive|Keep-Alive: timeout=5|"
	last = "Date: -|Connection: close|"
)

// play plays each scene twice: over a connection as it is, and over one that cuts what it carries into single bytes. In the
// second the order counts for each object on its own.
func play(t *testing.T, scenes []scene) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) { sc.play(t, false) })
		if !sc.whole {
			t.Run(sc.name+", byte by byte", func(t *testing.T) { sc.play(t, true) })
		}
	}
}

func (sc scene) play(t *testing.T, cut bool) {
	x := newStage(t, sc, cut)
	c := x.dial()
	if sc.client == nil {
		c.send(get("/", ""))
	} else {
		sc.client(c)
	}
	want := strings.Split(sc.events, "; ")
	if sc.events == "" {
		want = nil
	}
	x.try("the end", func() bool { return c.wire() == sc.wire && len(x.events) >= len(want) && (c.over || !sc.ends) })
	x.barrier()
	if n := x.l.Metrics().Writes; sc.writes > 0 && !cut && n != sc.writes {
		t.Errorf("it took %d writes, want %d", n, sc.writes)
	}
	x.mu.Lock()
	x.frozen = true
	events := x.events
	x.mu.Unlock()
	if !sc.ends {
		const more = "GET /still-there HTTP/1.1\r\nHost: a\r\n\r\n"
		c.send(more)
		sc.wire += "HTTP/1.1 200 OK|" + live + "Content-Length: 3||yes"
		x.try("an answer to one more request", func() bool { return c.wire() == sc.wire || c.over })
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if got := c.wire(); got != sc.wire {
		t.Errorf("on the wire\n got %q\nwant %q", got, sc.wire)
	}
	if c.over != sc.ends {
		t.Errorf("the connection is over: got %t, want %t", c.over, sc.ends)
	}
	if cut {
		events, want = byObject(events), byObject(want)
	}
	if got, want := strings.Join(events, "; "), strings.Join(want, "; "); got != want {
		t.Errorf("events\n got %s\nwant %s", got, want)
	}
}

// byObject sorts events by what they are of, and leaves out pieces of bodies.
func byObject(events []string) (sorted []string) {
	var names []string
	by := map[string][]string{}
	for _, e := range events {
		name, what, _ := strings.Cut(e, " ")
		if strings.HasPrefix(what, "data") {
			continue
		}
		if by[name] == nil {
			names = append(names, name)
		}
		by[name] = append(by[name], e)
	}
	for _, prefix := range []string{"request", "res", "req", "*", "!", "socket", "upgrade", "connect", "expect"} {
		for _, name := range names {
			if strings.TrimRight(name, "123456789") == prefix {
				sorted = append(sorted, by[name]...)
			}
		}
	}
	return sorted
}

// stage is what a scene is played on: the server's end, and the record of what it was told.
type stage struct {
	t    *testing.T
	l    *loop.Loop
	s    *httpcore.Server
	addr string

	mu     sync.Mutex
	news   *sync.Cond // something was recorded, or arrived
	events []string
	frozen bool

	requests int
	numbers  map[*httpcore.IncomingMessage]string
	kept     *httpcore.ServerResponse // for a handler to leave
	count    int                      // and to count
}

func newStage(t *testing.T, sc scene, cut bool) *stage {
	x := &stage{t: t, numbers: map[*httpcore.IncomingMessage]string{}}
	x.news = sync.NewCond(&x.mu)
	var err error
	x.l, err = loop.New(loop.Options{OnUncaught: func(err error) { x.event("! " + stream.CodeOf(err)) }})
	if err != nil {
		t.Fatal(err)
	}
	o := sc.options
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 5 * time.Second // what the heads say
	}
	x.s = httpcore.NewServer(o)
	x.s.OnRequest(func(q *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
		if q.Path() == "/still-there" {
			r.EndString("yes")
			return
		}
		x.begin("request", q, r)
		if sc.handler != nil {
			sc.handler(x, q, r)
		}
	})
	if sc.setup != nil {
		sc.setup(x)
	}
	if cut {
		ln, err := x.l.Listen("tcp", "127.0.0.1:0", func(c *loop.Conn) {
			c.SetNoDelay(true)
			x.s.ServeTransport(x.l, transporttest.NewResplit(x.l, c, func(int) int { return 1 }))
		})
		if err != nil {
			t.Fatal(err)
		}
		x.addr = ln.Addr().String()
	} else {
		addr, err := x.s.ListenLoop(x.l, "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		x.addr = addr.String()
	}
	x.l.NewAsync(func() {}) // the loop goes on without a listener
	ran := make(chan error, 1)
	go func() { ran <- x.l.Run() }()
	t.Cleanup(func() {
		x.l.Post(x.l.Stop)
		if err := <-ran; err != nil {
			t.Error(err)
		}
		for x.l.Alive() { // a close may begin something
			x.l.Walk(func(h loop.Handle) { h.Close(nil) })
			if _, err := x.l.RunNoWait(); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.l.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// begin records what happens to an exchange from now on. Only what changes nothing is listened for: neither a body nor an
// error of a request.
func (x *stage) begin(how string, q *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
	x.event(how)
	x.mu.Lock()
	x.requests++
	x.mu.Unlock()
	n := ""
	if x.requests > 1 {
		n = string(rune('0' + x.requests))
	}
	x.numbers[q] = n
	q.OnEnd(func() { x.event("req" + n + " end") })
	q.OnAborted(func() { x.event("req" + n + " aborted") })
	q.OnClose(func() { x.event("req" + n + " close") })
	if r == nil {
		return
	}
	r.OnDrain(func() { x.event("res" + n + " drain") })
	r.OnFinish(func() { x.event("res" + n + " finish") })
	r.OnClose(func() { x.event("res" + n + " close") })
	r.OnPipe(func(stream.ReadableStream) { x.event("res" + n + " pipe") })
	r.OnUnpipe(func(stream.ReadableStream) { x.event("res" + n + " unpipe") })
}

// data has the pieces of a request's body recorded, and so read.
func (x *stage) data(q *httpcore.IncomingMessage) {
	n := x.numbers[q]
	q.OnData(func(p []byte) { x.event("req" + n + " data " + string(p)) })
}

// errors has the errors of a request, or of a response, recorded, and so listened for.
func (x *stage) errors(q *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
	if q != nil {
		n := x.numbers[q]
		q.OnError(func(err error) { x.event("req" + n + " error " + stream.CodeOf(err)) })
	}
	if r != nil {
		r.OnError(func(err error) { x.event("res error " + stream.CodeOf(err)) })
	}
}

func (x *stage) event(what string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.frozen {
		x.events = append(x.events, what)
	}
	x.news.Broadcast()
}

func (x *stage) mark(what string) { x.event("* " + what) }

// told is a callback that marks what it was called with.
func (x *stage) told(what string) func(error) {
	return func(err error) {
		if err != nil {
			what += " " + stream.CodeOf(err)
		}
		x.mark(what)
	}
}

// after calls fn on the loop.
func (x *stage) after(d time.Duration, fn func()) {
	timer := x.l.NewTimer()
	timer.Start(func() {
		timer.Close(nil)
		fn()
	}, d, 0)
}

// immediately calls fn in a turn of its own.
func (x *stage) immediately(fn func()) { x.after(0, fn) }

// try waits until cond, which it calls with mu held; it gives up when that takes too long, for the test to say what is wrong.
func (x *stage) try(what string, cond func() bool) bool {
	x.t.Helper()
	late := false
	timer := time.AfterFunc(30*time.Second, func() {
		x.mu.Lock()
		late = true
		x.mu.Unlock()
		x.news.Broadcast()
	})
	defer timer.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	for !cond() {
		if late {
			x.t.Errorf("waited in vain for %s", what)
			return false
		}
		x.news.Wait()
	}
	return true
}

// barrier waits until the loop has done what it has to do now.
func (x *stage) barrier() {
	for range 3 {
		done := make(chan struct{})
		if x.l.Post(func() { close(done) }) != nil {
			return
		}
		<-done
	}
}

// client is the raw side of a scene.
type client struct {
	x      *stage
	c      *net.TCPConn
	text   string // what has arrived
	over   bool   // the server's side has ended, or the connection is reset
	paused bool
}

func (x *stage) dial() *client {
	conn, err := net.Dial("tcp", x.addr)
	if err != nil {
		x.t.Fatal(err)
	}
	c := &client{x: x, c: conn.(*net.TCPConn)}
	x.t.Cleanup(func() { c.c.Close() })
	go c.read()
	return c
}

func (c *client) read() {
	buf := make([]byte, 64<<10)
	for {
		c.x.mu.Lock()
		for c.paused {
			c.x.news.Wait()
		}
		c.x.mu.Unlock()
		n, err := c.c.Read(buf)
		c.x.mu.Lock()
		c.text += string(buf[:n])
		if err != nil {
			c.over = true
			c.c.CloseWrite() // as clients do, so that nobody lingers for it
		}
		c.x.news.Broadcast()
		c.x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wire is what has arrived, as a scene says it. It is for those who hold mu.
func (c *client) wire() string {
	s := strings.ReplaceAll(c.text, "\r\n", "|")
	for at := 0; ; {
		i := strings.Index(s[at:], "|Date: ")
		if i < 0 {
			return s
		}
		at += i + len("|Date: ")
		const date = len("Mon, 02 Jan 2006 15:04:05 GMT")
		if len(s) >= at+date && strings.HasSuffix(s[:at+date], " GMT") {
			s = s[:at] + "-" + s[at+date:]
		}
	}
}

func (c *client) send(s string) {
	if _, err := io.WriteString(c.c, s); err != nil {
		c.x.t.Logf("send: %v", err)
	}
}

// until waits for a text to arrive, and event for the server's end to record something.
func (c *client) until(s string) {
	c.x.t.Helper()
	c.times(1, s)
}

func (c *client) times(n int, s string) {
	c.x.t.Helper()
	c.x.try("the text "+s, func() bool { return strings.Count(c.text, s) >= n })
}

func (c *client) event(s string) {
	c.x.t.Helper()
	c.x.try("the event "+s, func() bool {
		for _, e := range c.x.events {
			if e == s {
				return true
			}
		}
		return false
	})
}

func (c *client) pause(yes bool) {
	c.x.mu.Lock()
	c.paused = yes
	c.x.mu.Unlock()
	c.x.news.Broadcast()
}

func (c *client) fin() { c.c.CloseWrite() }

// close is a full close; abort has the connection reset.
func (c *client) close() { c.c.Close() }

func (c *client) abort() {
	c.c.SetLinger(0)
	c.c.Close()
}

func get(path, fields string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"
}

func get10(fields string) string { return "GET / HTTP/1.0\r\nHost: x\r\n" + fields + "\r\n" }

func post(fields, body string) string {
	return "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body
}

// sends is a client that sends something and waits.
func sends(s string) func(*client) { return func(c *client) { c.send(s) } }
