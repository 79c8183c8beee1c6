package load

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// What the engine does about one connection: its answers come in, its next messages go out, and it may break.

func (e *Engine) dispatch(events []unix.EpollEvent) {
	for i := range events {
		index := int(events[i].Fd)
		c := &e.conns[index]
		if c.fd < 0 || (c.idle && !c.ending) {
			continue
		}
		// What comes back makes room for what is still to be sent, so it is read first.
		e.receive(index, c)
		if c.fd >= 0 && !c.idle && !c.ending {
			e.push(index, c)
		}
	}
}

// receive reads what has come back of the message under way. A read that fills less than it might has emptied the
// socket, so epoll will report what comes next.
func (e *Engine) receive(index int, c *conn) {
	for !c.idle || c.ending {
		asked := min(e.o.Protocol.Most(&c.answer), len(e.buf))
		n, errno := recv(c.fd, e.buf[:asked])
		switch {
		case errno == unix.EAGAIN:
			return
		case errno == unix.EINTR:
			continue
		case errno != 0 && !c.ending:
			e.fail(index, c, errno)
			return
		case n <= 0 && c.ending:
			e.again(index, c)
			return
		case n == 0:
			e.fail(index, c, errEnd)
			return
		}
		e.counts.Got += int64(n)
		number := c.number
		if !e.take(index, c, e.buf[:n]) {
			return
		}
		if c.ending {
			continue // the end may have come with it, and is not reported again
		}
		if c.number != number {
			return // of the next nothing has come yet
		}
		if n < asked {
			return
		}
	}
}

var errEnd = errors.New("end of stream")

// take gives what has come to the protocol. It returns false if the connection has failed.
func (e *Engine) take(index int, c *conn, p []byte) bool {
	if c.ending {
		e.fail(index, c, errExtra)
		return false
	}
	used, whole, err := e.o.Protocol.Take(index, c.number, &c.answer, p)
	switch {
	case err != nil:
		e.fail(index, c, err)
		return false
	case whole && used < len(p):
		e.fail(index, c, errExtra)
		return false
	case whole:
		e.finish(index, c)
	}
	return true
}

// finish counts a message and begins the next.
func (e *Engine) finish(index int, c *conn) {
	e.counts.Operations += int64(e.o.Protocol.Operations())
	if c.answer.Wrong {
		e.counts.Wrong++
	}
	now := time.Now()
	if e.record {
		e.observe(now.Sub(c.start))
	}
	c.number++
	if e.o.Churn {
		c.ending = true
		return // its end is still to come, perhaps with this read
	}
	c.idle = true
	e.rest(index, now)
}

// rest lets a connection without a message have the next.
func (e *Engine) rest(index int, now time.Time) {
	if e.interval > 0 && e.conns[index].left == endless {
		e.free = append(e.free, index)
		return
	}
	e.next(index, now)
}

// again is for a connection that has ended as it should.
func (e *Engine) again(index int, c *conn) {
	_ = unix.Close(c.fd)
	c.fd, c.ending, c.idle = -1, false, true
	e.rest(index, time.Now())
}

// next begins a message that was due at start.
func (e *Engine) next(index int, start time.Time) {
	c := &e.conns[index]
	if c.left == 0 || (c.fd < 0 && !e.o.Churn && !e.reopen) {
		return
	}
	if c.fd < 0 {
		fd, err := dialing(e.to, c.source)
		if err == nil {
			c.fd = fd
			err = e.watch(index)
		}
		if err != nil {
			e.fail(index, c, fmt.Errorf("%w: %w", errConnect, err))
			return
		}
	}
	if c.left > 0 {
		c.left--
	}
	c.sent, c.answer, c.idle, c.start = 0, Answer{}, false, start
	e.push(index, c)
}

// push sends the rest of the message under way, until the kernel takes no more: then epoll will report room.
func (e *Engine) push(index int, c *conn) {
	for {
		p := e.o.Protocol.Piece(index, c.number, c.sent)
		if len(p) == 0 {
			return
		}
		n, errno := send(c.fd, p)
		switch {
		case errno == unix.EAGAIN || errno == unix.ENOTCONN:
			return // ENOTCONN: it is still connecting
		case errno == unix.EINTR:
			continue
		case errno == unix.EPIPE || errno == unix.ECONNRESET:
			// What the server said before it went is still to be read, and the reset with it. It may have been reported already,
			// while nothing was under way.
			e.receive(index, c)
			return
		case errno != 0:
			e.fail(index, c, errno)
			return
		}
		c.sent += int64(n)
		e.counts.Sent += int64(n)
	}
}

var errConnect = errors.New("connect")

func (e *Engine) fail(index int, c *conn, err error) {
	if e.err == nil {
		e.err = fmt.Errorf("load: connection %d, message %d, byte %d of the answer: %w", index, c.number, c.answer.got, err)
	}
	e.counts.Broken++
	e.counts.Errors[kindOf(err)]++
	if c.fd >= 0 {
		hangUp(c.fd)
	}
	c.fd, c.idle, c.ending = -1, true, false
	if e.reopen {
		e.broken = append(e.broken, index)
	}
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, errConnect), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ETIMEDOUT):
		return KindConnect
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return KindReset
	case errors.Is(err, errEnd):
		return KindClosed
	case errors.Is(err, ErrStatus):
		return KindStatus
	}
	if _, errno := errors.AsType[unix.Errno](err); errno {
		return KindOther
	}
	return KindAnswer
}
