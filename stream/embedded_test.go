package stream_test

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/stream"
)

// message is something with a stream inside.
type message struct {
	stream.EmbeddedReadable
	asked int
	torn  error
}

func (m *message) ReadMore(int) { m.asked++ }

func (m *message) Teardown(err error, done func(error)) {
	m.torn = err
	done(err)
}

func newMessage(t *testing.T) (*message, func(func())) {
	t.Helper()
	l := newLoop(t)
	m := &message{}
	stream.InitEmbedded(&m.EmbeddedReadable, l, m, 10, m)
	return m, l.Turn
}

func TestAStreamInsideAMessageIsAStream(t *testing.T) {
	m, turn := newMessage(t)
	got, e := collect(t, &m.Readable), record(t)
	m.OnEnd(e.did("end"))
	m.OnClose(e.did("close"))
	turn(func() { m.Resume() })
	turn(func() { m.Push(pattern(0, 5)) })
	turn(func() { m.PushEOF() })
	got.want(5)
	e.want("end", "close")
	if m.asked == 0 || stream.ErrorListened(&m.Readable) {
		t.Errorf("the hook was asked %d times, and ErrorListened is %v", m.asked, stream.ErrorListened(&m.Readable))
	}
}

func TestAStreamInsideAMessageIsTornDownOnce(t *testing.T) {
	m, turn := newMessage(t)
	why := errors.New("why")
	var told error
	m.OnError(func(err error) { told = err })
	turn(func() {
		m.Destroy(why)
		m.Destroy(nil)
	})
	if m.torn != why || told != why || !stream.ErrorListened(&m.Readable) {
		t.Errorf("torn down with %v, told %v", m.torn, told)
	}
}

func TestAStreamThatNobodyLookedAtRetiresWithoutTicks(t *testing.T) {
	m, turn := newMessage(t)
	turn(func() {
		if !stream.RetireEmbedded(&m.EmbeddedReadable) || stream.RetireEmbedded(&m.EmbeddedReadable) {
			t.Error("it retires once")
		}
	})
	if !m.ReadableEnded() || !m.Destroyed() || !m.Closed() || m.ReadableAborted() || m.asked != 0 {
		t.Errorf("ended %v, destroyed %v, closed %v, aborted %v, asked %d",
			m.ReadableEnded(), m.Destroyed(), m.Closed(), m.ReadableAborted(), m.asked)
	}
}

func TestAStreamThatSomebodyLooksAtDoesNotRetire(t *testing.T) {
	for name, look := range map[string]func(*message){
		"OnClose": func(m *message) { m.OnClose(func() {}) },
		"OnData":  func(m *message) { m.OnData(func([]byte) {}) },
		"Pause":   func(m *message) { m.Pause() },
		"Push":    func(m *message) { m.Push([]byte("x")) },
		"PushEOF": func(m *message) { m.PushEOF() },
		"Destroy": func(m *message) { m.Destroy(nil) },
	} {
		m, turn := newMessage(t)
		turn(func() {
			look(m)
			if stream.RetireEmbedded(&m.EmbeddedReadable) {
				t.Errorf("after %s it retires", name)
			}
		})
	}
}

// untouched are two messages of one Embedder.
func untouched(t *testing.T) (a, b *message, e *stream.Embedder, turn func(func())) {
	t.Helper()
	l := newLoop(t)
	e = stream.NewEmbedder(l)
	a, b = &message{}, &message{}
	e.Init(&a.EmbeddedReadable, a, 10, a)
	e.Init(&b.EmbeddedReadable, b, 10, b)
	return a, b, e, l.Turn
}

// Whatever is done to one stream of an Embedder, another that nobody has looked at stays as it was.
func TestAStreamThatIsLookedAtLeavesItsEmbedder(t *testing.T) {
	for name, look := range map[string]func(*message, *stream.Embedder){
		"OnClose":    func(m *message, _ *stream.Embedder) { m.OnClose(func() {}) },
		"OnData":     func(m *message, _ *stream.Embedder) { m.OnData(func([]byte) {}) },
		"OnEnd":      func(m *message, _ *stream.Embedder) { m.OnEnd(func() {}) },
		"OnError":    func(m *message, _ *stream.Embedder) { m.OnError(func(error) {}) },
		"OnPause":    func(m *message, _ *stream.Embedder) { m.OnPause(func() {}) },
		"OnReadable": func(m *message, _ *stream.Embedder) { m.OnReadable(func() {}) },
		"OnResume":   func(m *message, _ *stream.Embedder) { m.OnResume(func() {}) },
		"Pause":      func(m *message, _ *stream.Embedder) { m.Pause() },
		"Resume":     func(m *message, _ *stream.Embedder) { m.Resume() },
		"Push":       func(m *message, _ *stream.Embedder) { m.Push([]byte("x")) },
		"PushOwned":  func(m *message, _ *stream.Embedder) { m.PushOwned([]byte("x")) },
		"Push, read": func(m *message, _ *stream.Embedder) { m.PushOwned([]byte("xy")); m.ReadChunk(1) },
		"PushEOF":    func(m *message, _ *stream.Embedder) { m.PushEOF() },
		"Push after": func(m *message, _ *stream.Embedder) { m.OnError(func(error) {}); m.PushEOF(); m.Push([]byte("x")) },
		"Unshift":    func(m *message, _ *stream.Embedder) { m.Unshift([]byte("x")) },
		"ReadChunk":  func(m *message, _ *stream.Embedder) { m.ReadChunk(1) },
		"Pipe": func(m *message, _ *stream.Embedder) {
			m.Pipe(stream.NewPassThrough(m.Scheduler(), stream.PassThroughOptions{}))
		},
		"Destroy": func(m *message, _ *stream.Embedder) { m.Destroy(nil) },
		"Retire":  func(m *message, e *stream.Embedder) { e.Retire(&m.EmbeddedReadable) },
		"behind its retiring": func(m *message, e *stream.Embedder) {
			e.Retire(&m.EmbeddedReadable)
			m.OnClose(func() {})
			m.Resume()
			m.Destroy(errors.New("why"))
		},
	} {
		m, other, e, turn := untouched(t)
		before := other.State()
		turn(func() { look(m, e) })
		if after := other.State(); after != before || stream.ErrorListened(&other.Readable) || other.asked != 0 {
			t.Errorf("after %s of one the other is %+v, want %+v", name, after, before)
		}
		var late message
		e.Init(&late.EmbeddedReadable, &late, 10, &late)
		if after := late.State(); after != before || !e.Retire(&other.EmbeddedReadable) || !e.Retire(&late.EmbeddedReadable) {
			t.Errorf("after %s of one another one begins as %+v, want %+v", name, after, before)
		}
	}
}

func TestAStreamOfAnEmbedderIsAStream(t *testing.T) {
	m, _, _, turn := untouched(t)
	got, e := collect(t, &m.Readable), record(t)
	m.OnEnd(e.did("end"))
	m.OnClose(e.did("close"))
	turn(func() { m.Resume() })
	turn(func() { m.Push(pattern(0, 5)) })
	turn(func() { m.PushEOF() })
	got.want(5)
	e.want("end", "close")
}

// A stream that is looked at when it has retired has ended and is closed, and nobody is told again.
func TestARetiredStreamIsOneThatHasClosed(t *testing.T) {
	m, other, e, turn := untouched(t)
	turn(func() {
		if !e.Retire(&m.EmbeddedReadable) || e.Retire(&m.EmbeddedReadable) {
			t.Error("it retires once")
		}
		stream.RetireEmbedded(&other.EmbeddedReadable)
	})
	if m.State() != other.State() || !m.ReadableEnded() || !m.Closed() || m.ReadableAborted() {
		t.Errorf("it is %+v, want %+v", m.State(), other.State())
	}
	turn(func() {
		never := func() { t.Error("its end is told again") }
		m.OnEnd(never)
		m.OnClose(never)
		m.OnData(func([]byte) { t.Error("it gives something") })
		m.Destroy(errors.New("why"))
	})
	if m.torn != nil || m.asked != 0 {
		t.Errorf("torn down with %v, asked %d times", m.torn, m.asked)
	}
}

func TestAStreamThatNobodyLooksAtAllocatesNothing(t *testing.T) {
	m, _, e, _ := untouched(t)
	if n := testing.AllocsPerRun(100, func() {
		*m = message{}
		e.Init(&m.EmbeddedReadable, m, 10, m)
		if m.Destroyed() || m.ReadableEnded() || !m.IsReadable() || !e.Retire(&m.EmbeddedReadable) {
			t.Error("it does not retire")
		}
	}); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
