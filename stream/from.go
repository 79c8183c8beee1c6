package stream

import "iter"

// From returns a Readable of the chunks of seq, one for each time that more is wanted; an error of seq's ends it with
// that error. seq must not block: it runs on the loop's goroutine. Its chunks are borrowed as in Push: each must stay
// as it is until the turn ends. When the stream is destroyed before its end, seq is told by its yield, as a loop that
// breaks does; whoever does not read it to its end destroys it, or seq waits for ever.
func From(s Scheduler, o ReadableOptions, seq iter.Seq2[[]byte, error]) *Readable {
	next, stop := iter.Pull2(seq)
	destroy := o.Destroy
	o.Read = func(r *Readable, _ int) {
		p, err, ok := next()
		switch {
		case !ok:
			r.PushEOF()
		case err != nil:
			r.Destroy(err)
		default:
			r.Push(p)
		}
	}
	o.Destroy = func(err error, done func(error)) {
		stop()
		if destroy == nil {
			done(err)
			return
		}
		destroy(err, done)
	}
	return NewReadable(s, o)
}

// FromBytes returns a Readable of chunks, which are owned by it from now on, and then the end.
func FromBytes(s Scheduler, chunks ...[]byte) *Readable {
	i := 0
	return NewReadable(s, ReadableOptions{Read: func(r *Readable, _ int) {
		if i == len(chunks) {
			r.PushEOF()
			return
		}
		i++
		r.PushOwned(chunks[i-1])
	}})
}
