package httpcore_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// An errand is a scene's other side: a client on a loop, a raw peer that follows a script, what has to be on the wire, and
// what has to be told of each request and its answer, in which order. Its ids are those of the cases that Node was
// recorded with.
type errand struct {
	name    string
	agent   httpcore.AgentOptions
	options httpcore.RequestOptions
	method  string                  // "" is GET
	body    func(x *trip, q call)   // what is done with the request; nil ends it
	answer  func(x *trip, r answer) // with the response, whose body is read besides
	run     func(x *trip)           // in the place of these
	peer    func(p *peer)           // nil sends plain to the first head

	// wire is all that the peer gets, with | for CRLF and - for its address; of several connections, with a newline between them.
	wire string
	// ends says that the last connection is over then, and held that it is neither over nor free; otherwise it has to serve one
	// more request.
	ends, held bool
	// events are those of the client's end, in order, with "; " between them.
	events string
	// whole is for an errand whose events depend on how the bytes arrive: it is run over a plain connection only.
	whole bool
}

type (
	call   = *httpcore.ClientRequest
	answer = *httpcore.IncomingMessage
)

const (
	plain    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	kept     = "Host: -|Connection: keep-alive|"
	plainGET = "GET / HTTP/1.1|" + kept + "|"
	// usual is what is told of a plain exchange from its request's being sent on, and answered is all of it.
	usual    = "req finish; req response 200; res data ok; res end; req close; res close"
	answered = "req socket; " + usual
)

// roads are what an errand is run over: a connection as it is, one that cuts what it carries into single bytes, and a pair in
// memory. In the last two the order counts for each object on its own.
var roads = []string{"", ", byte by byte", ", in memory"}

func run(t *testing.T, errands []errand) {
	for _, e := range errands {
		for _, road := range roads {
			if road == "" || !e.whole {
				t.Run(e.name+road, func(t *testing.T) { e.play(t, road) })
			}
		}
	}
}

func (e errand) play(t *testing.T, road string) {
	if e.peer == nil {
		e.peer = replies(plain)
	}
	x := newTrip(t, e.agent, road, e.peer)
	x.on(func() {
		if e.run != nil {
			e.run(x)
			return
		}
		q := x.call(e.method, "/", e.options, e.answer)
		if e.body == nil {
			q.End()
		} else {
			e.body(x, q)
		}
	})
	want := strings.Split(e.events, "; ")
	if e.events == "" {
		want = nil
	}
	x.try("the end", func() bool {
		return x.wire() == e.wire && len(x.events) >= len(want) && (!e.ends || x.last().over)
	})
	x.barrier()
	x.mu.Lock()
	x.frozen = true
	events := x.events
	x.mu.Unlock()
	if !e.ends && !e.held {
		x.on(func() { x.more() })
		e.wire += "GET /still-there HTTP/1.1|" + kept + "|"
		x.try("an answer to one more request", func() bool { return x.still })
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if got := x.wire(); got != e.wire {
		t.Errorf("on the wire\n got %q\nwant %q", got, e.wire)
	}
	if len(x.peers) > 0 && x.last().over != e.ends {
		t.Errorf("the connection is over: got %t, want %t", x.last().over, e.ends)
	}
	if road != "" {
		events, want = byObject(events), byObject(want)
	}
	if got, want := strings.Join(events, "; "), strings.Join(want, "; "); got != want {
		t.Errorf("events\n got %s\nwant %s", got, want)
	}
}

// trip is what an errand is run on: the client's end, and the record of what it was told.
type trip struct {
	t     *testing.T
	l     *loop.Loop
	a     *httpcore.Agent
	addr  string
	ln    net.Listener
	peers []*peer

	scripts sync.WaitGroup

	mu     sync.Mutex
	news   *sync.Cond // something was recorded, or arrived
	events []string
	frozen bool
	still  bool // one more request was answered
	gone   bool // the test is over
	panics bool // and is meant to

	calls int
	names map[any]string
}

func newTrip(t *testing.T, o httpcore.AgentOptions, road string, script func(*peer)) *trip {
	x := &trip{t: t, names: map[any]string{}}
	x.news = sync.NewCond(&x.mu)
	var err error
	x.l, err = loop.New(loop.Options{
		OnUncaught: func(err error) { x.event("! " + stream.CodeOf(err)) },
		OnPanic: func(e *loop.PanicError) {
			if x.mark("panic"); !x.panics {
				t.Errorf("%v\n%s", e, e.Stack)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	x.listen(script)
	switch road {
	case "":
	case ", byte by byte":
		o.Connect = func(l *loop.Loop, network, address string, done func(stream.Transport, error)) (func(), error) {
			d, err := l.Dial(network, address, loop.DialOptions{}, func(c *loop.Conn, err error) {
				if err != nil {
					done(nil, err)
					return
				}
				c.SetNoDelay(true)
				done(transporttest.NewResplit(l, c, func(int) int { return 1 }), nil)
			})
			if err != nil {
				return nil, err
			}
			return d.Cancel, nil
		}
	default:
		o.Connect = func(l *loop.Loop, _, _ string, done func(stream.Transport, error)) (func(), error) {
			return nil, l.Post(func() {
				a, b := transporttest.Pair(l, 64<<10)
				x.meet(&lane{l: l, m: b, news: sync.NewCond(new(sync.Mutex))}, script)
				done(a, nil)
			})
		}
	}
	x.a = httpcore.NewAgent(o)
	keep := x.l.NewAsync(func() {}) // the loop goes on without a connection
	ran := make(chan error, 1)
	go func() { ran <- x.l.Run() }()
	t.Cleanup(func() {
		x.mu.Lock()
		x.frozen = true
		x.mu.Unlock()
		x.on(func() {
			x.a.Destroy()
			x.l.Post(func() { keep.Close(nil) }) // behind what Destroy does
		})
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if m := x.a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
			t.Errorf("the agent is destroyed and has %+v", m)
		}
		if err := x.l.Close(); err != nil {
			t.Error(err)
		}
		x.dismiss()
	})
	return x
}

// dismiss ends what the peers do.
func (x *trip) dismiss() {
	x.ln.Close()
	x.mu.Lock()
	x.gone = true
	peers := x.peers
	for _, p := range peers {
		p.paused = false
	}
	x.mu.Unlock()
	x.news.Broadcast()
	for _, p := range peers {
		p.c.Close()
	}
	x.scripts.Wait()
}

// listen has each connection follow the script.
func (x *trip) listen(script func(*peer)) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		x.t.Fatal(err)
	}
	x.addr = ln.Addr().String()
	x.ln = ln
	x.scripts.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			x.meet(tcpLane{c.(*net.TCPConn)}, script)
		}
	})
}

// call begins a request and records what happens to it and its answer. The answer is read; neither an error of it nor a switch
// of protocols is listened for.
func (x *trip) call(method, path string, o httpcore.RequestOptions, fn func(*trip, answer)) call {
	q := x.ask(method, path, o)
	n := x.names[q]
	q.OnResponse(func(r answer) {
		x.event(fmt.Sprintf("req%s response %d", n, r.StatusCode()))
		x.answered(r, n)
		r.OnData(func(p []byte) { x.event("res" + n + " data " + string(p)) })
		if fn != nil {
			fn(x, r)
		}
	})
	return q
}

// ask is call for an answer that nobody listens for.
func (x *trip) ask(method, path string, o httpcore.RequestOptions) call {
	x.t.Helper()
	if method == "" {
		method = "GET"
	}
	if o.Agent == nil {
		o.Agent = x.a
	}
	q, err := httpcore.NewRequest(x.l, method, "http://"+x.addr+path, o)
	if err != nil {
		x.t.Error(err)
		return q
	}
	x.calls++
	n := ""
	if x.calls > 1 {
		n = fmt.Sprint(x.calls)
	}
	x.names[q] = n
	closed := false
	told := func(what string) {
		if closed {
			x.t.Errorf("req%s %s, behind its close", n, what)
		}
		x.event("req" + n + " " + what)
	}
	q.OnSocket(func() { told("socket") })
	q.OnFinish(func() { told("finish") })
	q.OnDrain(func() { told("drain") })
	q.OnContinue(func() { told("continue") })
	q.OnInformation(func(i *httpcore.Information) { told(fmt.Sprint("information ", i.StatusCode)) })
	q.OnTimeout(func() { told("timeout") })
	q.OnError(func(err error) { told("error " + codeOf(err)) })
	q.OnClose(func() {
		told("close")
		closed = true
	})
	return q
}

func (x *trip) answered(r answer, n string) {
	closed := false
	told := func(what string) {
		if closed {
			x.t.Errorf("res%s %s, behind its close", n, what)
		}
		x.event("res" + n + " " + what)
	}
	x.names[r] = n
	r.OnEnd(func() { told("end") })
	r.OnAborted(func() { told("aborted") })
	r.OnClose(func() {
		told("close")
		closed = true
	})
}

// errors has the error of an answer recorded, and so listened for.
func (x *trip) errors(r answer) {
	n := x.names[r]
	r.OnError(func(err error) { x.event("res" + n + " error " + codeOf(err)) })
}

// bare makes a request that nobody listens to.
func (x *trip) bare(method string) call {
	q, err := httpcore.NewRequest(x.l, method, "http://"+x.addr+"/", httpcore.RequestOptions{Agent: x.a})
	if err != nil {
		x.t.Error(err)
	}
	return q
}

// more makes one more request, which no script knows.
func (x *trip) more() {
	q, err := httpcore.NewRequest(x.l, "GET", "http://"+x.addr+"/still-there", httpcore.RequestOptions{Agent: x.a})
	if err != nil {
		x.t.Error(err)
		return
	}
	q.OnError(func(err error) { x.t.Errorf("one more request: %v", err) })
	q.OnClose(func() {
		x.mu.Lock()
		x.still = true
		x.mu.Unlock()
		x.news.Broadcast()
	})
	q.End()
}

// get makes a GET that is not recorded, and calls then when it is over and its connection is free.
func (x *trip) get(path string, o httpcore.RequestOptions, then func(q call, err error)) call {
	if o.Agent == nil {
		o.Agent = x.a
	}
	q, err := httpcore.NewRequest(x.l, "GET", "http://"+x.addr+path, o)
	if err != nil {
		x.t.Error(err)
		return q
	}
	var failed error
	q.OnError(func(err error) { failed = err })
	q.OnResponse(func(r answer) { r.Resume() })
	q.OnClose(func() {
		if then != nil {
			x.after(0, func() { then(q, failed) })
		}
	})
	q.End()
	return q
}

// on runs fn on the loop.
func (x *trip) on(fn func()) {
	done := make(chan struct{})
	if x.l.Post(func() { defer close(done); fn() }) == nil {
		<-done
	}
}

func (x *trip) event(what string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.frozen {
		x.events = append(x.events, what)
	}
	x.news.Broadcast()
}

func (x *trip) mark(what string) { x.event("* " + what) }

// told is a callback that marks what it was called with.
func (x *trip) told(what string) func(error) {
	called := false
	return func(err error) {
		if called {
			x.t.Errorf("the callback of %s was called twice", what)
		}
		called = true
		if err != nil {
			x.mark(what + " " + codeOf(err))
			return
		}
		x.mark(what)
	}
}

// codeOf is Node's code of an error.
func codeOf(err error) string {
	code := stream.CodeOf(err)
	var parse *h1.Error
	if errors.As(err, &parse) && code == err.Error() {
		return "HPE_" + parse.Code.String()
	}
	return code
}

// after calls fn on the loop.
func (x *trip) after(d time.Duration, fn func()) {
	timer := x.l.NewTimer()
	timer.Start(func() {
		timer.Close(nil)
		fn()
	}, d, 0)
}

// pool is what the agent has.
func (x *trip) pool() string {
	m := x.a.Metrics()
	return fmt.Sprintf("%d used, %d free, %d queued", m.Sockets, m.FreeSockets, m.Queued)
}

// try waits until cond, which it calls with mu held; it gives up when that takes too long, for the test to say what is wrong.
func (x *trip) try(what string, cond func() bool) bool {
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
func (x *trip) barrier() {
	for range 5 {
		x.on(func() {})
	}
}

// wire is what has arrived, as an errand says it. It is for those who hold mu.
func (x *trip) wire() string {
	var all []string
	for _, p := range x.peers {
		s := strings.ReplaceAll(p.text, "\r\n", "|")
		all = append(all, strings.ReplaceAll(s, x.addr, "-"))
	}
	return strings.Join(all, "\n")
}

// last is the last connection, for those who hold mu.
func (x *trip) last() *peer { return x.peers[len(x.peers)-1] }
