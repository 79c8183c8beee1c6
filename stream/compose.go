package stream

// chunkReader is what Compose reads its last stream by.
type chunkReader interface {
	ReadableStream
	ReadChunk(n int) []byte
	OnReadable(fn func()) Sub
}

// Compose makes one Duplex of several streams, each piped into the next as by Pipeline: what is written to it goes to the
// first, if that takes bytes, and what it gives comes from the last, if that gives any. Destroying it destroys them
// all, and so does an error of any. The first must give bytes, the last take some, those between both; other things
// panic.
func Compose(first ReadableStream, rest ...WritableStream) *Duplex {
	c := &composed{}
	c.head, _ = first.(WritableStream)
	if c.head != nil && !c.head.State().Writable {
		c.head = nil
	}
	last := PipelineWith(PipelineOptions{}, c.finished, first, rest...)
	c.last = last
	c.tail, _ = last.(chunkReader)
	if c.tail != nil && !c.tail.State().Readable {
		c.tail = nil
	}
	o := DuplexOptions{NoWritable: c.head == nil, NoReadable: c.tail == nil, Destroy: c.destroy}
	if c.head != nil {
		o.Write, o.Final, o.Hold = c.write, c.final, HoldTurn
		c.head.OnDrain(func() { take(&c.onDrain, nil) })
		Finished(last, FinishedOptions{}, func(error) { take(&c.onFinish, nil) })
	}
	if c.tail != nil {
		o.Read = func(*Readable, int) { c.read() }
		c.tail.OnReadable(func() {
			if c.hungry {
				c.hungry = false
				c.read()
			}
		})
		c.tail.OnEnd(func() { c.d.PushEOF() })
	}
	c.d = NewDuplex(first.Scheduler(), o)
	return c.d
}

// composed is what lies under a Duplex of Compose.
type composed struct {
	d    *Duplex
	head WritableStream // nil if the first stream takes nothing
	tail chunkReader    // nil if the last one gives nothing
	last WritableStream

	onDrain, onFinish, onClose func(error) // what waits
	hungry                     bool        // the Read hook waits for the tail
	over                       bool        // the pipeline is done
}

// take calls what waits, once.
func take(waiting *func(error), err error) {
	fn := *waiting
	*waiting = nil
	if fn != nil {
		fn(err)
	}
}

func (c *composed) write(p []byte, done func(error)) {
	if c.head.WriteBorrowed(p, nil) {
		done(nil)
		return
	}
	c.onDrain = done
}

func (c *composed) final(done func(error)) {
	c.onFinish = done
	c.head.End()
}

func (c *composed) read() {
	for {
		p := c.tail.ReadChunk(all)
		if p == nil {
			c.hungry = true
			return
		}
		if !c.d.PushOwned(p) {
			return
		}
	}
}

// finished is the end of the pipeline.
func (c *composed) finished(err error) {
	c.over = true
	switch {
	case c.onClose != nil:
		take(&c.onClose, err)
	case err != nil:
		c.d.Destroy(err)
	case c.head == nil && c.tail == nil:
		c.d.Destroy(nil)
	}
}

func (c *composed) destroy(err error, done func(error)) {
	if err == nil && !c.over {
		err = ErrAborted
	}
	if written := c.onDrain; written != nil {
		why := err
		if why == nil {
			why = ErrDestroyed
		}
		c.d.Readable.life.s.NextTick(func() { written(why) }) // nobody will drain
	}
	c.onDrain, c.onFinish, c.hungry = nil, nil, false
	if c.over {
		c.last.Destroy(err)
		done(err)
		return
	}
	c.onClose = done
	c.last.Destroy(err)
}
