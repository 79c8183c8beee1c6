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

func (m *message) Stream() stream.ReadableStream { return m }

func (m *message) Teardown(err error, done func(error)) {
	m.torn = err
	done(err)
}

func newMessage(t *testing.T) (*message, func(func())) {
	t.Helper()
	l := newLoop(t)
	m := &message{}
	stream.InitEmbedded(&m.EmbeddedReadable, l, 10, m)
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

func TestAStreamInsideAMessageIsKnownAsTheMessage(t *testing.T) {
	m, turn := newMessage(t)
	w := stream.NewWritable(m.Scheduler(), stream.WritableOptions{})
	var told []stream.ReadableStream
	w.OnPipe(func(src stream.ReadableStream) { told = append(told, src) })
	outer := stream.NewPassThrough(m.Scheduler(), stream.PassThroughOptions{})
	turn(func() {
		m.Pipe(w)
		m.Unpipe(w)
		m.As(outer)
		m.Pipe(w)
	})
	if len(told) != 2 || told[0] != stream.ReadableStream(m) || told[1] != stream.ReadableStream(outer) {
		t.Errorf("told of %v", told)
	}
}
