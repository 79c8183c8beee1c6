package main

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/weir-go/weir/stream"
)

// readable and writable are what operations need of a stream's halves.
type readable interface {
	stream.ReadableStream
	Push(p []byte) bool
	PushEOF()
	Unshift(p []byte) bool
	ReadChunk(n int) []byte
	Pause()
	Resume()
	Unpipe(dst stream.WritableStream)
	OnData(func([]byte)) stream.Sub
	OnReadable(func()) stream.Sub
	OnPause(func()) stream.Sub
	OnResume(func()) stream.Sub
	IsReadable() bool
	IsPaused() bool
	ReadableLength() int
	ReadableFlowing() stream.Flow
	ReadableEnded() bool
	ReadableAborted() bool
	ReadableDidRead() bool
}

type writable interface {
	stream.WritableStream
	WriteChunk(p []byte, cb func(error)) bool
	EndWith(p []byte, cb func(error))
	Cork()
	Uncork()
	OnPrefinish(func()) stream.Sub
	OnPipe(func(stream.ReadableStream)) stream.Sub
	IsWritable() bool
	WritableLength() int
	WritableCorked() int
	WritableEnded() bool
	WritableFinished() bool
}

// common is what every stream has.
type common interface {
	stream.Stream
	Destroyed() bool
	Closed() bool
	Errored() error
}

// actor is a stream of a scenario.
type actor struct {
	p    *player
	d    *streamDesc
	id   string
	rank int
	s    common
	r    readable // nil without that half
	w    writable

	pushed, written content
	writes          int
	readIdx         int
	writeCalls      int
	transforms      int
	on              map[string]stream.Sub
	cleanups        map[string]func()
	last            [3]string
}

// mark is a high-water mark of a scenario as an option: one that is not given is the default, and 0 is no buffer.
func mark(p *int) int {
	switch {
	case p == nil:
		return 0
	case *p == 0:
		return stream.NoBuffer
	}
	return *p
}

// off reports whether a scenario turns off what is on by default.
func off(b *bool) bool { return b != nil && !*b }

func (p *player) make(d *streamDesc) *actor {
	a := &actor{p: p, d: d, id: d.ID, on: map[string]stream.Sub{}, cleanups: map[string]func(){}}
	noAuto, noClose, noHalf := off(d.AutoDestroy), off(d.EmitClose), off(d.AllowHalfOpen)
	destroy := a.destroyHook()
	switch d.Kind {
	case "readable":
		r := stream.NewReadable(&p.loop, stream.ReadableOptions{
			HighWaterMark: mark(d.HWM), Read: a.read, Destroy: destroy, NoAutoDestroy: noAuto, NoEmitClose: noClose,
		})
		a.s, a.r = r, r
	case "writable":
		w := stream.NewWritable(&p.loop, stream.WritableOptions{
			HighWaterMark: mark(d.HWM), Write: a.write, Writev: a.writevHook(), Final: a.finalHook(),
			Destroy: destroy, NoAutoDestroy: noAuto, NoEmitClose: noClose,
		})
		a.s, a.w = w, w
	case "duplex":
		x := stream.NewDuplex(&p.loop, stream.DuplexOptions{
			HighWaterMark: mark(d.HWM), ReadableHighWaterMark: mark(d.RHWM), WritableHighWaterMark: mark(d.WHWM),
			NoHalfOpen: noHalf, Read: a.read, Write: a.write, Writev: a.writevHook(), Final: a.finalHook(),
			Destroy: destroy, NoAutoDestroy: noAuto, NoEmitClose: noClose,
		})
		a.s, a.r, a.w = x, x, x
	case "transform":
		o := stream.TransformOptions{
			HighWaterMark: mark(d.HWM), ReadableHighWaterMark: mark(d.RHWM), WritableHighWaterMark: mark(d.WHWM),
			NoHalfOpen: noHalf, Transform: a.transform, Destroy: destroy, NoAutoDestroy: noAuto, NoEmitClose: noClose,
		}
		if d.Flush != nil {
			o.Flush = a.flush
		}
		x := stream.NewTransform(&p.loop, o)
		a.s, a.r, a.w = x, x, x
	case "passthrough":
		x := stream.NewPassThrough(&p.loop, stream.PassThroughOptions{
			HighWaterMark: mark(d.HWM), ReadableHighWaterMark: mark(d.RHWM), WritableHighWaterMark: mark(d.WHWM),
			NoHalfOpen: noHalf, Destroy: destroy, NoAutoDestroy: noAuto, NoEmitClose: noClose,
		})
		a.s, a.r, a.w = x, x, x
	default:
		panic("unknown kind " + d.Kind)
	}
	return a
}

func (a *actor) rec(format string, args ...any) { a.p.rec(a.id+" "+format, args...) }

func (a *actor) fault(hook string) error { return injected("E_" + a.id + "_" + hook) }

func (a *actor) read(_ *stream.Readable, n int) {
	a.rec("call _read %d", n)
	d := a.d.Read
	if d == nil || d.Kind != "auto" {
		return
	}
	a.p.later(d.Mode, a, "read", func() {
		switch {
		case d.ErrAt != nil && *d.ErrAt == a.readIdx:
			a.readIdx++
			a.rec("call fail")
			a.s.Destroy(a.fault("read"))
		case a.readIdx < len(d.Chunks):
			n := d.Chunks[a.readIdx]
			a.readIdx++
			a.rec("ret push %d %t", n, a.r.Push(a.pushed.take(n)))
			if a.readIdx == len(d.Chunks) && d.EOF == "same" && (d.ErrAt == nil || *d.ErrAt != a.readIdx) {
				a.eof()
			}
		case d.EOF != "never":
			a.eof()
		}
	})
}

// eof pushes the end; Node's push returns false then.
func (a *actor) eof() {
	a.r.PushEOF()
	a.rec("ret eof false")
}

func (a *actor) completeWrite(hook string, done func(error)) {
	i := a.writeCalls
	a.writeCalls++
	var m mode
	var errAt *int
	if d := a.d.Write; d != nil {
		m, errAt = d.Mode, d.ErrAt
	}
	a.p.later(m, a, hook, func() {
		if errAt != nil && *errAt == i {
			done(a.fault("write"))
			return
		}
		done(nil)
	})
}

func (a *actor) write(p []byte, done func(error)) {
	a.rec("call _write %d %s", len(p), hash(p))
	a.completeWrite("write", done)
}

func (a *actor) writevHook() func([][]byte, func(error)) {
	if a.d.Write == nil || !a.d.Write.Writev {
		return nil
	}
	return func(ps [][]byte, done func(error)) {
		a.rec("call _writev %s %s", lengths(ps), hash(ps...))
		a.completeWrite("write", done)
	}
}

func (a *actor) finalHook() func(func(error)) {
	d := a.d.Final
	if d == nil {
		return nil
	}
	return func(done func(error)) {
		a.rec("call _final")
		a.p.later(d.Mode, a, "final", func() {
			if d.Err {
				done(a.fault("final"))
				return
			}
			done(nil)
		})
	}
}

func (a *actor) destroyHook() func(error, func(error)) {
	d := a.d.Destroy
	if d == nil {
		return nil
	}
	return func(err error, done func(error)) {
		a.rec("call _destroy %s", ok(err))
		a.p.later(d.Mode, a, "destroy", func() {
			if d.Err {
				err = a.fault("destroy")
			}
			done(err)
		})
	}
}

func (a *actor) transform(t *stream.Transform, p []byte, done func([]byte, error)) {
	i := a.transforms
	a.transforms++
	a.rec("call _transform %d %s", len(p), hash(p))
	d := a.d.Transform
	if d == nil {
		d = &transformDesc{}
	}
	a.p.later(d.Mode, a, "transform", func() {
		if d.ErrAt != nil && *d.ErrAt == i {
			done(nil, a.fault("transform"))
			return
		}
		switch d.Map {
		case "drop":
			done(nil, nil)
		case "dup":
			t.Push(p)
			done(p, nil)
		case "split":
			half := len(p) / 2
			if half > 0 {
				t.Push(p[:half])
			}
			done(p[half:], nil)
		default:
			done(p, nil)
		}
	})
}

func (a *actor) flush(_ *stream.Transform, done func([]byte, error)) {
	d := a.d.Flush
	a.rec("call _flush")
	a.p.later(d.Mode, a, "flush", func() {
		switch {
		case d.Err:
			done(nil, a.fault("flush"))
		case d.N > 0:
			done(bytes.Repeat([]byte{0x2e}, d.N), nil)
		default:
			done(nil, nil)
		}
	})
}

// listen attaches the recorders.
func (a *actor) listen() {
	a.s.OnError(func(err error) { a.rec("ev error %s", code(err)) })
	for _, ev := range []string{"close", "end", "finish", "prefinish", "drain", "pause", "resume"} {
		a.plain(ev, func() { a.rec("ev %s", ev) })
	}
	if a.w == nil {
		return
	}
	a.w.OnPipe(func(src stream.ReadableStream) { a.rec("ev pipe %s", a.p.name(src)) })
	a.w.OnUnpipe(func(src stream.ReadableStream) { a.rec("ev unpipe %s", a.p.name(src)) })
}

func (p *player) name(s stream.ReadableStream) string {
	for _, a := range p.streams {
		if a.s == any(s) {
			return a.id
		}
	}
	return "?"
}

// plain listens for an event without arguments; a stream without the half that has it is left alone.
func (a *actor) plain(ev string, fn func()) stream.Sub {
	switch {
	case ev == "close":
		return a.s.OnClose(fn)
	case ev == "finish" && a.w != nil:
		return a.w.OnFinish(fn)
	case ev == "prefinish" && a.w != nil:
		return a.w.OnPrefinish(fn)
	case ev == "drain" && a.w != nil:
		return a.w.OnDrain(fn)
	case a.r == nil:
		return stream.Sub{}
	case ev == "end":
		return a.r.OnEnd(fn)
	case ev == "pause":
		return a.r.OnPause(fn)
	case ev == "resume":
		return a.r.OnResume(fn)
	case ev == "readable":
		return a.r.OnReadable(fn)
	}
	return stream.Sub{}
}

func (a *actor) op(o *op) {
	switch o.Op {
	case "push":
		a.rec("ret push %d %t", *o.N, a.r.Push(a.pushed.take(*o.N)))
	case "eof":
		a.eof()
	case "unshift":
		a.rec("ret unshift %d %t", *o.N, a.r.Unshift(bytes.Repeat([]byte{0xee}, *o.N)))
	case "read":
		a.readOp(o.N)
	case "readall":
		for a.readOp(nil) {
		}
	case "pause":
		a.r.Pause()
	case "resume":
		a.r.Resume()
	case "pipe":
		a.r.PipeWith(a.p.byID[o.To].w, stream.PipeOptions{NoEnd: o.End != nil && !*o.End})
	case "unpipe":
		if o.To == "" {
			a.r.Unpipe(nil)
			return
		}
		a.r.Unpipe(a.p.byID[o.To].w)
	case "write":
		k := a.writes
		a.writes++
		var cb func(error)
		if !o.NoCB {
			cb = func(err error) { a.rec("cb write#%d %s", k, ok(err)) }
		}
		a.rec("ret write#%d %d %t", k, *o.N, a.w.WriteChunk(a.written.take(*o.N), cb))
	case "end":
		var cb func(error)
		if o.CB {
			cb = func(err error) { a.rec("cb end %s", ok(err)) }
		}
		var p []byte
		if o.N != nil {
			p = a.written.take(*o.N)
		}
		a.w.EndWith(p, cb)
	case "cork":
		a.w.Cork()
	case "uncork":
		a.w.Uncork()
	case "destroy":
		var err error
		if o.Err {
			err = a.fault("op")
		}
		a.s.Destroy(err)
	case "finished":
		tag := cmp.Or(o.Tag, "f")
		a.cleanups[tag] = stream.Finished(a.s, stream.FinishedOptions{
			NoReadable: off(o.Readable), NoWritable: off(o.Writable), NoError: off(o.Error),
		}, func(err error) { a.rec("cb finished:%s %s", tag, ok(err)) })
	case "cleanup":
		if c := a.cleanups[cmp.Or(o.Tag, "f")]; c != nil {
			c()
		}
	case "on":
		a.onOp(o)
	case "off":
		a.on[o.Ev].Off()
		delete(a.on, o.Ev)
	default:
		panic("unknown op " + o.Op)
	}
}

func (a *actor) readOp(n *int) bool {
	size, arg := -1, "-"
	if n != nil {
		size, arg = *n, fmt.Sprint(*n)
	}
	p := a.r.ReadChunk(size)
	if p == nil {
		a.rec("ret read %s null", arg)
		return false
	}
	a.rec("ret read %s %d %s", arg, len(p), hash(p))
	return true
}

func (a *actor) onOp(o *op) {
	fired := 0
	var sub stream.Sub
	fire := func() {
		if o.Once {
			sub.Off()
		}
	}
	do := func() {
		if o.Do != nil && (o.Max == nil || fired < *o.Max) {
			fired++
			for i := range o.Do {
				a.p.op(&o.Do[i])
			}
		}
	}
	a.on[o.Ev].Off()
	switch o.Ev {
	case "data":
		sub = a.r.OnData(func(p []byte) {
			fire()
			a.rec("ev data %d %s", len(p), hash(p))
			do()
		})
	case "error":
		sub = a.s.OnError(func(error) { fire(); do() })
	case "pipe":
		sub = a.w.OnPipe(func(stream.ReadableStream) { fire(); do() })
	case "unpipe":
		sub = a.w.OnUnpipe(func(stream.ReadableStream) { fire(); do() })
	default:
		sub = a.plain(o.Ev, func() {
			fire()
			if o.Ev == "readable" {
				a.rec("ev readable")
			}
			do()
		})
	}
	a.on[o.Ev] = sub
}

// states are the lines that differ from the last ones, or all.
func (a *actor) states(all bool) []string {
	var out []string
	put := func(i int, line string) {
		if all || a.last[i] != line {
			out = append(out, line)
		}
		a.last[i] = line
	}
	if r := a.r; r != nil {
		put(0, fmt.Sprintf("%s st r len=%d flow=%v paused=%d readable=%d ended=%d aborted=%d did=%d", a.id, r.ReadableLength(),
			r.ReadableFlowing(), bit(r.IsPaused()), bit(r.IsReadable()), bit(r.ReadableEnded()), bit(r.ReadableAborted()), bit(r.ReadableDidRead())))
	}
	if w := a.w; w != nil {
		put(1, fmt.Sprintf("%s st w len=%d need=%d cork=%d writable=%d ended=%d finished=%d", a.id, w.WritableLength(),
			bit(w.WritableNeedDrain()), w.WritableCorked(), bit(w.IsWritable()), bit(w.WritableEnded()), bit(w.WritableFinished())))
	}
	put(2, fmt.Sprintf("%s st c destroyed=%d closed=%d errored=%s", a.id, bit(a.s.Destroyed()), bit(a.s.Closed()), code(a.s.Errored())))
	return out
}
