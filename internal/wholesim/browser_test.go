package wholesim

import (
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// browser loads pages: a document, and then what is in it, over several connections that it keeps.
type browser struct {
	s       *world
	l       *loop.Loop
	agent   *httpcore.Agent
	options httpcore.AgentOptions
	to      string
	pages   int // that it will load
	page    []*fetch
	loading int // of the page, what is not over
	tries   int
}

func newBrowser(s *world) *browser {
	b := &browser{s: s, l: s.any(), options: s.agentOptions(), to: proxyAddress, pages: 1 + s.r.IntN(8)}
	b.agent = httpcore.NewAgent(b.options)
	if s.chance(0.3) {
		b.to = originAddress
	}
	s.left++
	s.after(b.l, 30*time.Millisecond, b.visit)
	return b
}

// visit loads the next page, or is the end of the session.
func (b *browser) visit() {
	s := b.s
	if b.pages == 0 || s.budget <= 0 {
		s.left--
		return
	}
	b.pages--
	before := b.page
	b.page, b.tries = nil, 2
	if s.chance(0.3) && len(before) > 0 {
		s.t.add("reloads")
		b.reload(before)
	} else {
		b.load(s.newOrder(), func() {
			for range 1 + s.r.IntN(6) {
				b.load(s.newOrder(), nil)
			}
		})
	}
	if s.chance(0.12) {
		s.after(b.l, 20*time.Millisecond, b.away)
	}
}

// load fetches something of the page; then is called when that is over, however.
func (b *browser) load(o order, then func()) {
	b.loading++
	f := b.newFetch(o, func(f *fetch) {
		if then != nil {
			then()
		}
		if !f.good() && f.idempotent() && b.tries > 0 && b.s.chance(0.5) {
			b.tries--
			b.s.t.add("tries again")
			b.load(f.order, nil)
		}
		if b.loading--; b.loading == 0 {
			b.s.after(b.l, 10*time.Millisecond, b.visit)
		}
	})
	b.page = append(b.page, f)
}

// reload fetches all of a page once more, and what has an ETag only if it has changed.
func (b *browser) reload(page []*fetch) {
	b.loading++ // it is not over before all have begun
	for _, f := range page {
		o := f.order
		if etag := b.s.etags[o.file]; o.act == 'f' && etag != "" {
			o = order{method: o.method, path: o.path, act: 'f', file: o.file, answer: o.answer}.unlessSame(etag)
		}
		b.load(o, nil)
	}
	if b.loading--; b.loading == 0 {
		b.s.after(b.l, 0, b.visit)
	}
}

// away is the user having seen enough: whatever is not there is not wanted any more.
func (b *browser) away() {
	for _, f := range b.page {
		if f.closes == 0 && f.req != nil {
			b.s.t.add("walks away")
			f.fails = true
			f.req.Destroy(nil)
		}
	}
}

// limits are what an agent must keep at any time.
func (b *browser) limits() {
	s, m, o := b.s, b.agent.Metrics(), &b.options
	n := m.Sockets + m.FreeSockets
	if o.MaxTotalSockets > 0 && n > o.MaxTotalSockets {
		s.fail("a browser has %d connections, want %d at most", n, o.MaxTotalSockets)
	}
	if o.MaxSockets > 0 && n > 2*o.MaxSockets { // its server's, and those to nobody
		s.fail("a browser has %d connections, want %d at most to each server", n, o.MaxSockets)
	}
	if o.MaxQueued > 0 && m.Queued > o.MaxQueued+1 {
		s.fail("%d requests wait, want %d at most", m.Queued, o.MaxQueued)
	}
}

// judge looks at the agent when all is over.
func (b *browser) judge() {
	m := b.agent.Metrics()
	if m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
		b.s.fail("a browser's agent has %+v left", m)
	}
	b.s.t.count("requests over a connection that had served others", int(m.Reused))
	b.s.t.count("requests made once more", int(m.Retried))
	if b.loading != 0 {
		b.s.fail("a page waits for %d fetches", b.loading)
	}
}
