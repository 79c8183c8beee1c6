package stream

import (
	"context"
	"errors"
)

// PipelineOptions change what PipelineWith does.
type PipelineOptions struct {
	// NoEnd leaves the last stream open when the one before it has ended.
	NoEnd bool
	// Context, when it is cancelled, destroys all streams with ErrAborted.
	Context context.Context
}

// Pipeline pipes src through the streams of rest, each into the next, and calls done once, on a tick, when the last one
// is done or one has failed. All but the first take bytes; all but the last must give some too, or Pipeline panics.
// When one fails, or closes too early, all that have not finished are destroyed with its error; done gets the first,
// and a real one rather than ErrPrematureClose. It returns the last stream.
func Pipeline(done func(error), src ReadableStream, rest ...WritableStream) WritableStream {
	return PipelineWith(PipelineOptions{}, done, src, rest...)
}

// PipelineWith is Pipeline with options.
func PipelineWith(o PipelineOptions, done func(error), src ReadableStream, rest ...WritableStream) WritableStream {
	need(done)
	if len(rest) == 0 {
		panic("stream: a Pipeline has two streams at least")
	}
	l := &pipeline{s: src.Scheduler(), done: done}
	if o.Context != nil && o.Context.Err() == nil {
		l.stop = onCancel(o.Context, l.s, func() { l.finishWith(aborted(context.Cause(o.Context)), false) })
	}
	l.add(src, true, false, false)
	from := src
	for i, dst := range rest {
		last := i == len(rest)-1
		if !last || !o.NoEnd {
			l.add(dst, !last, true, last)
		} else {
			l.listen(dst, last)
		}
		l.join(from, dst, last, !last || !o.NoEnd)
		if last {
			break
		}
		next, ok := dst.(ReadableStream)
		if !ok || !dst.State().HasReadable {
			panic("stream: a Pipeline through a stream that gives nothing")
		}
		from = next
	}
	if o.Context != nil && o.Context.Err() != nil {
		l.s.NextTick(func() { l.finishWith(aborted(context.Cause(o.Context)), false) })
	}
	return rest[len(rest)-1]
}

// pipeline is one Pipeline that is under way.
type pipeline struct {
	s       Scheduler
	done    func(error)
	stop    func() bool
	err     error
	waiting int // ends that are to be told of: two a pair
	members []*member
	lasts   []func() // what to undo when all went well: the last stream is used on
}

// member is a stream that is destroyed if something fails while it is not done.
type member struct {
	s    Stream
	done bool
}

// add makes s a member, of which the given halves are of interest.
func (l *pipeline) add(s Stream, reading, writing, last bool) {
	m := &member{s: s}
	s.OnClose(func() { m.done = true })
	w := watchEnd(s, FinishedOptions{NoReadable: !reading, NoWritable: !writing}, func(err error) { m.done = err == nil })
	l.members = append(l.members, m)
	st := s.State()
	if last && st.Readable {
		l.lasts = append(l.lasts, w.cleanup)
	}
	l.listen(s, last)
}

// listen has the errors of s end the pipeline.
func (l *pipeline) listen(s Stream, last bool) {
	sub := s.OnError(func(err error) {
		if !premature(err) && !errors.Is(err, ErrAborted) {
			l.finish(err)
		}
	})
	st := s.State()
	if last && st.Readable {
		l.lasts = append(l.lasts, sub.Off)
	}
}

// join pipes src to dst and waits for both.
func (l *pipeline) join(src ReadableStream, dst WritableStream, last, end bool) {
	l.waiting += 2
	ended := false
	dst.OnClose(func() {
		if !ended {
			l.finish(ErrPrematureClose)
		}
	})
	src.PipeWith(dst, PipeOptions{NoEnd: true})
	if end {
		endDst := func() {
			ended = true
			dst.End()
		}
		st := src.State()
		if st.Err == nil && st.Ended {
			l.s.NextTick(endDst)
		} else {
			once(src.OnEnd, endDst)
		}
	} else {
		l.finish(nil)
	}
	watchEnd(src, FinishedOptions{NoWritable: true}, func(err error) {
		st := src.State()
		if premature(err) && st.EOF && st.Err == nil && !st.Failed {
			// What came last is not read yet: this is not over.
			once(src.OnEnd, func() { l.finish(nil) })
			var sub Sub
			sub = src.OnError(func(err error) {
				sub.Off()
				l.finish(err)
			})
			return
		}
		l.finish(err)
	})
	w := watchEnd(dst, FinishedOptions{NoReadable: true}, l.finish)
	st := dst.State()
	if last && st.Readable {
		l.lasts = append(l.lasts, w.cleanup)
	}
}

// once has on call fn the first time.
func once(on func(func()) Sub, fn func()) {
	var sub Sub
	sub = on(func() {
		sub.Off()
		fn()
	})
}

// finish is one thing that was waited for.
func (l *pipeline) finish(err error) {
	l.waiting--
	l.finishWith(err, l.waiting == 0)
}

func (l *pipeline) finishWith(err error, final bool) {
	if err != nil && (l.err == nil || premature(l.err)) {
		l.err = err
	}
	if l.err == nil && !final {
		return
	}
	for len(l.members) > 0 {
		m := l.members[0]
		l.members = l.members[1:]
		m.destroy(l.err)
	}
	if l.stop != nil {
		l.stop()
	}
	if !final {
		return
	}
	if l.err == nil {
		for _, undo := range l.lasts {
			undo()
		}
	}
	done, err := l.done, l.err
	l.s.NextTick(func() {
		if l.done != nil {
			l.done = nil
			done(err)
		}
	})
}

func (m *member) destroy(err error) {
	if m.done {
		return
	}
	m.done = true
	if err == nil {
		err = ErrDestroyed
	}
	if !m.s.State().Destroyed {
		m.s.Destroy(err)
	}
}
