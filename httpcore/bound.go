package httpcore

import (
	"reflect"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// Load is what a Bound depends on that is not in the options of a server or an agent. The zero value is good.
type Load struct {
	// ReadBuffer is loop.Options.ReadBuffer. Default 64 KiB.
	ReadBuffer int
	// Write is the longest write of a handler, the one of End included, in bytes. It comes on top of the mark, once, if the handler waits
	// for OnDrain, as Pipe does. Default 64 KiB: what a pipe writes at most.
	Write int
	// SmallestWrite is the shortest write that a handler makes again and again, in bytes: each one that waits is counted with 320 bytes besides
	// its own. Default 1, because a pipe writes what arrives, and a peer may send a byte at a time. A handler that gathers its output
	// may say more.
	SmallestWrite int
}

// Bound is the most memory, in bytes, that a server or an agent holds whose users wait when they are told to: what peers can make it
// hold, whatever they send and however slowly they read. What users keep themselves (fields that they set, bodies that they gather,
// writes that go on without OnDrain) is theirs to count. The kernel's buffers are not in it.
//
// docs/memory.md explains each term, and which option moves it.
type Bound struct {
	// Idle is a connection between two requests.
	Idle int
	// Head is what a connection holds more while a head, or a trailer section, is being received.
	Head int
	// Message is a request or a response that was received, its body apart, and its counterpart.
	Message int
	// Body is what a body holds whose reader has stopped: the mark, one read, and the blocks that they lie in.
	Body int
	// Ahead is what the messages hold that are behind the first of a connection, with their bodies and answers: pipelining. It
	// is 0 of an agent.
	Ahead int
	// Output is what is written and the peer does not take.
	Output int
	// Connection is all of these together, which one connection can be made to hold at the same time.
	Connection int
	// Waiting is a request that waits for a connection. It is 0 of a server.
	Waiting int
	// Loop is what each loop holds, whatever its connections do: the read buffer, and pools of what may be used again.
	Loop int
}

// Total is the bound of so many connections on so many loops. Those of a server are at most ServerOptions.MaxConnections.
func (b Bound) Total(connections, loops int) int { return connections*b.Connection + loops*b.Loop }

const (
	defaultLoadRead  = 64 << 10
	defaultLoadWrite = 64 << 10
	// closures is what a connection has made once to be called: sent, settle, resume, and two of a client's.
	closures = 5 * 32
)

func (l Load) withDefaults() Load {
	if l.ReadBuffer <= 0 {
		l.ReadBuffer = defaultLoadRead
	}
	if l.Write <= 0 {
		l.Write = defaultLoadWrite
	}
	if l.SmallestWrite <= 0 {
		l.SmallestWrite = 1
	}
	return l
}

// allocated is what n bytes cost that are allocated together: Go's size classes waste a quarter of the larger at most, and half of a
// word or two of the smallest.
func allocated(n int) int {
	if n == 0 {
		return 0
	}
	return n + n/4 + 16
}

// object is what a T costs.
func object[T any]() int { return allocated(int(reflect.TypeFor[T]().Size())) }

// MemoryBound is the most memory that a server with these options holds: see Bound. Any goroutine may ask.
func (o ServerOptions) MemoryBound(load Load) Bound {
	o, load = o.withDefaults(), load.withDefaults()
	mark := max(0, o.HighWaterMark)
	b := Bound{
		Idle:    object[serverConn]() + closures + object[connWatch]() + loop.ConnBound(0, 0, 0),
		Head:    headBound(&o.Limits),
		Message: object[exchange]() + textBound(&o.Limits) + 2*stream.ListenerBound,
		Body:    stream.ReadableBound(mark, load.ReadBuffer),
	}
	const behind = maxPipelined - 1
	b.Ahead = behind * (b.Message + stream.ReadableBound(mark, 0) + heldBound(mark, load.Write))
	b.Output = queueBound(2*mark, mark/load.SmallestWrite, load.Write)
	b.Connection = b.Idle + b.Head + b.Message + b.Body + b.Ahead + b.Output
	b.Loop = loopBound(load) + allocated(arenaSize) + maxPipelined*allocated(mark+load.Write)
	return b
}

// MemoryBound is the most memory that an agent with these options holds for requests with the options r, of which each body waits at
// its mark: see Bound. Total is of the connections, and Waiting comes on top of it for each request that has none, of which there
// are at most MaxQueued. Any goroutine may ask.
func (o AgentOptions) MemoryBound(r RequestOptions, load Load) Bound {
	load = load.withDefaults()
	mark, out := max(0, r.HighWaterMark), writableMark(r.HighWaterMark)
	if r.HighWaterMark == 0 {
		mark = stream.DefaultHighWaterMark
	}
	request := object[ClientRequest]() + object[RequestOptions]() + stream.ListenerBound
	b := Bound{
		Idle:    object[clientConn]() + closures + loop.ConnBound(0, 0, 0),
		Head:    headBound(&o.Limits),
		Message: request + object[IncomingMessage]() + textBound(&o.Limits) + stream.ListenerBound,
		Body:    stream.ReadableBound(mark, load.ReadBuffer),
		Output:  queueBound(out, out/load.SmallestWrite, load.Write),
		Waiting: request + heldBound(out, load.Write),
		Loop:    loopBound(load) + allocated(arenaSize) + allocated(out+load.Write),
	}
	b.Connection = b.Idle + b.Head + b.Message + b.Body + b.Output
	return b
}

// headBound is the memory that a head is gathered in, which grows by doubling at worst, and the parser that reads it.
func headBound(l *h1.Limits) int {
	line, header, trailer := l.Sections()
	return allocated(2*max(line+header, trailer, maxHeadKept/2)) + object[h1.Parser]()
}

// textBound is the text of a message: its start line and fields, and its trailers.
func textBound(l *h1.Limits) int {
	line, header, trailer := l.Sections()
	return allocated(line+header) + allocated(trailer)
}

// heldBound is what a message keeps that has no connection: pieces of less than a mark in all, joined as keep does, which makes them
// twice their bytes at worst, and one more write.
func heldBound(mark, last int) int {
	pieces := maxApart + 2*mark/copiedChunk + 2
	return 2*mark + allocated(last) + pieces*(2*int(reflect.TypeFor[piece]().Size())+allocated(1))
}

// queueBound is what a connection holds more than an idle one while its peer takes nothing.
func queueBound(waiting, writes, last int) int {
	return loop.ConnBound(waiting, writes, last) - loop.ConnBound(0, 0, 0) + (writes+1)*2*int(reflect.TypeFor[flight]().Size())
}

// loopBound is what a loop has for a server or an agent.
func loopBound(load Load) int {
	return loop.Options{ReadBuffer: load.ReadBuffer}.MemoryBound() + stream.KeptBound() + maxParsers*object[h1.Parser]() +
		allocated(maxHeadKept)
}
