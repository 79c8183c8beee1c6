package httpcore

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// Agent has the connections of clients: it gives each request one, and keeps those that may serve another. It is Node's
// http.Agent, for one loop or for several: each loop has a pool of its own, since a connection belongs to its loop, and the
// limits count over all of them.
//
// An idle connection does not keep its loop running. It is watched: if its server ends it, or sends anything, it is gone. A
// loop that is to be closed has to be rid of it first, though: CloseIdleConnections or Destroy, and Run once more.
type Agent struct {
	o AgentOptions

	mu     sync.Mutex
	pools  []*pool // one a loop, in the order that they came
	closed bool
	budget budget

	counts agentCounts
}

// AgentOptions say how an Agent goes about it. The zero value is good. In a duration a negative value is no limit; sizes
// are in bytes.
type AgentOptions struct {
	// MaxSockets is how many connections to one origin there may be, idle ones included, and MaxTotalSockets how many in
	// all. Requests beyond that wait, first come first served; one that is made once more (see RequestOptions.NoRetry) keeps its
	// place, before them. Default 0: no limit; negative is the same.
	MaxSockets, MaxTotalSockets int
	// MaxFreeSockets is how many idle connections to one origin a loop keeps. Default 256, as in Node; negative keeps none.
	MaxFreeSockets int
	// MaxQueued is how many requests may wait because of a limit, over all loops; more fail with ErrQueueFull. Default
	// 10,000: each costs about a kilobyte. Negative has none wait.
	MaxQueued int
	// NoKeepAlive closes each connection behind its answer, and says so to the server.
	NoKeepAlive bool
	// FIFO uses the connection that has been idle for longest. By default it is the one that was used last, as in Node: the
	// others may then be closed.
	FIFO bool
	// IdleTimeout is how long a connection is kept idle. If its server says less, with Keep-Alive: timeout, it is a second
	// less than that. Default 30 s.
	IdleTimeout time.Duration
	// ConnectTimeout is how long making a connection may take, looking the name up included. It is Loop.Dial's: a Connect of
	// your own has its own. Default 10 s.
	ConnectTimeout time.Duration
	// Dial says how connections are made; its Timeout and LocalAddr are not looked at.
	Dial loop.DialOptions
	// Limits bound the head and the framing of responses.
	Limits h1.Limits
	// Connect makes a connection, in the place of Loop.Dial: over a tunnel, say, or in memory. It calls done once, in a later
	// turn, with a transport that is the Agent's from then on and is not read, or with an error. cancel, which may be nil, has
	// it give up; done is called all the same. An error of Connect itself means that done is not called.
	Connect func(l *loop.Loop, network, address string, done func(stream.Transport, error)) (cancel func(), err error)
}

const (
	defaultMaxFreeSockets   = 256
	defaultMaxQueued        = 10_000
	defaultAgentIdleTimeout = 30 * time.Second
	defaultConnectTimeout   = 10 * time.Second
)

// DefaultAgent is the Agent of requests that name none.
var DefaultAgent = NewAgent(AgentOptions{})

// NewAgent returns an Agent. It may be used on any number of loops.
func NewAgent(o AgentOptions) *Agent {
	finite(&o.IdleTimeout, defaultAgentIdleTimeout)
	finite(&o.ConnectTimeout, defaultConnectTimeout)
	switch {
	case o.MaxFreeSockets == 0:
		o.MaxFreeSockets = defaultMaxFreeSockets
	case o.MaxFreeSockets < 0:
		o.MaxFreeSockets = 0
	}
	if o.MaxQueued == 0 {
		o.MaxQueued = defaultMaxQueued
	}
	a := &Agent{o: o}
	a.budget.init(max(0, o.MaxSockets), max(0, o.MaxTotalSockets))
	return a
}

// AgentMetrics are counts of what an Agent has and has done.
type AgentMetrics struct {
	// Sockets are the connections that have a request or are being made, FreeSockets those that are idle, Queued the requests
	// that wait for a limit.
	Sockets, FreeSockets, Queued int
	// Requests were made, so many of them Reused a connection, and so many were Retried because that was gone.
	Requests, Reused, Retried uint64
	// Connections were made, and so many attempts Failed.
	Connections, Failed uint64
}

type agentCounts struct {
	open, free, queued                             atomic.Int64
	requests, reused, retried, connections, failed atomic.Uint64
}

// Metrics returns the counts, over all loops. Any goroutine may call it; while loops run they are not of one moment.
func (a *Agent) Metrics() AgentMetrics {
	n := &a.counts
	free := n.free.Load()
	return AgentMetrics{
		Sockets: int(max(0, n.open.Load()-free)), FreeSockets: int(free), Queued: int(n.queued.Load()),
		Requests: n.requests.Load(), Reused: n.reused.Load(), Retried: n.retried.Load(),
		Connections: n.connections.Load(), Failed: n.failed.Load(),
	}
}

// CloseIdleConnections closes the connections that are idle, on each loop in a turn of its own. Any goroutine may call it.
func (a *Agent) CloseIdleConnections() { a.each((*pool).closeIdle) }

// Destroy closes all connections, those with a request too, which fails; so do those that wait, and all that come later,
// with ErrAgentClosed. It happens on each loop in a turn of its own. Any goroutine may call it.
func (a *Agent) Destroy() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.each((*pool).destroy)
}

// each calls fn with every loop's pool, on its loop.
func (a *Agent) each(fn func(*pool)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pools {
		_ = p.l.Post(func() { fn(p) }) // of a loop that is closed: its connections have gone with it
	}
}

// on is what the Agent has on l.
func (a *Agent) on(l *loop.Loop) (*pool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, ErrAgentClosed
	}
	for _, p := range a.pools {
		if p.l == l {
			return p, nil
		}
	}
	p := &pool{a: a, origins: map[originKey]*origin{}}
	p.init(l)
	a.pools = append(a.pools, p)
	return p, nil
}

// forget lets go of the pool of a loop that has nothing in it: the Agent may outlive the loop.
func (a *Agent) forget(p *pool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pools = slices.DeleteFunc(a.pools, func(x *pool) bool { return x == p })
}
