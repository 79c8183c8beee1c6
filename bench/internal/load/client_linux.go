package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readSize   = 64 << 10        // the buffer all connections read into
	sleepSlice = 20              // ms; how often a sleeping client looks at the clock
	stallLimit = 3 * time.Second // without one message: the server has stopped serving
	endless    = -1
)

// Options of a Client.
type Options struct {
	Size  int  // bytes of a message
	Sleep bool // block in epoll_wait; the default polls
}

// Client ping-pongs messages over many connections from one thread. It is not for concurrent use.
type Client struct {
	epfd    int
	timeout int // of epoll_wait, in ms
	pattern pattern
	conns   []conn
	events  []unix.EpollEvent
	buf     []byte
	counts  Counts
	err     error // of the first connection that broke
}

// Counts is what has happened so far.
type Counts struct {
	Messages int64 `json:"messages"` // that came back whole
	Wrong    int64 `json:"wrong"`    // among them, with wrong bytes
	Broken   int64 `json:"broken"`   // connections that the server ended
}

// conn is one connection's place in its ping-pong. Its descriptor is registered once, edge-triggered for both
// directions, so that the client never changes an interest.
type conn struct {
	fd     int // -1 when broken
	number int // of the message under way
	sent   int // bytes of it
	got    int // bytes of it that came back
	left   int // messages to begin after this one; endless
	wrong  bool
	idle   bool // no message under way
}

// NewClient returns a client without connections.
func NewClient(o Options) (*Client, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	c := &Client{
		epfd:    epfd,
		pattern: newPattern(o.Size),
		events:  make([]unix.EpollEvent, 512),
		buf:     make([]byte, readSize),
	}
	if o.Sleep {
		c.timeout = sleepSlice
	}
	return c, nil
}

// Connect opens n more connections, from the source addresses in turn if there are any.
func (c *Client) Connect(to netip.AddrPort, n int, sources []netip.Addr) error {
	for range n {
		var from netip.Addr
		i := len(c.conns)
		if len(sources) > 0 {
			from = sources[i%len(sources)]
		}
		fd, err := dial(to, from)
		if err != nil {
			return err
		}
		c.conns = append(c.conns, conn{fd: fd, idle: true})
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(i)}
		if err := unix.EpollCtl(c.epfd, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
			return fmt.Errorf("load: epoll_ctl: %w", err)
		}
	}
	return nil
}

// Close ends all connections.
func (c *Client) Close() {
	for i := range c.conns {
		if c.conns[i].fd >= 0 {
			hangUp(c.conns[i].fd)
		}
	}
	_ = unix.Close(c.epfd)
}

// Counts returns what has happened so far, and the error of the first connection that broke.
func (c *Client) Counts() (Counts, error) { return c.counts, c.err }

// Exchange sends n messages on each connection from the first-th on, all at once, and returns when every one is back,
// or with the number of those that are missing when none has come for a while.
func (c *Client) Exchange(ctx context.Context, first, n int) (missing int64, err error) {
	want := c.counts.Messages + int64(n)*int64(len(c.conns)-first)
	c.begin(first, n)
	err = c.run(ctx, func(time.Time) bool { return c.counts.Messages == want })
	return want - c.counts.Messages, err
}

// Measure keeps every connection busy for a while and calls sample at the two ends of the part that counts.
func (c *Client) Measure(ctx context.Context, warmUp, length time.Duration, sample func() error) error {
	c.begin(0, endless)
	var failed error
	warm := false
	next := time.Now().Add(warmUp)
	err := c.run(ctx, func(now time.Time) bool {
		if now.Before(next) {
			return false
		}
		next = next.Add(length)
		failed = sample()
		done := warm || failed != nil
		warm = true
		return done
	})
	return errors.Join(err, failed)
}

func (c *Client) begin(first, n int) {
	for i := first; i < len(c.conns); i++ {
		t := &c.conns[i]
		t.left = n
		if t.idle {
			c.next(i, t)
		}
	}
}

// run serves the connections until done says so. It has the thread for itself.
func (c *Client) run(ctx context.Context, done func(now time.Time) bool) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	seen, moved := c.counts.Messages, time.Now()
	for {
		n, errno := wait(c.epfd, c.events, c.timeout)
		if errno != 0 && errno != unix.EINTR {
			return fmt.Errorf("load: epoll_wait: %w", errno)
		}
		if errno == 0 {
			c.dispatch(c.events[:n])
		}
		now := time.Now()
		if done(now) {
			return nil
		}
		if seen != c.counts.Messages {
			seen, moved = c.counts.Messages, now
		}
		if now.Sub(moved) > stallLimit {
			return errors.Join(fmt.Errorf("load: no message came back for %v", stallLimit), c.err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (c *Client) dispatch(events []unix.EpollEvent) {
	for i := range events {
		index := int(events[i].Fd)
		t := &c.conns[index]
		if t.fd < 0 || t.idle {
			continue
		}
		// What comes back makes room for what is still to be sent, so it is read first.
		c.receive(index, t)
		if t.fd >= 0 && !t.idle {
			c.push(index, t)
		}
	}
}

// receive reads what has come back of the message under way. A read that fills less than it might has emptied the
// socket, so epoll will report what comes next.
func (c *Client) receive(index int, t *conn) {
	for !t.idle {
		want := c.pattern.message(index, t.number)[t.got:]
		asked := min(len(want), len(c.buf))
		n, errno := recv(t.fd, c.buf[:asked])
		switch {
		case errno == unix.EAGAIN:
			return
		case errno == unix.EINTR:
			continue
		case errno != 0:
			c.fail(index, t, errno)
			return
		case n == 0:
			c.fail(index, t, errors.New("end of stream"))
			return
		}
		t.wrong = t.wrong || !sameSampled(c.buf[:n], want[:n])
		t.got += n
		if t.got == c.pattern.size {
			c.finish(index, t)
			return // of the next nothing has come yet
		}
		if n < asked {
			return
		}
	}
}

// finish counts a message and begins the next.
func (c *Client) finish(index int, t *conn) {
	c.counts.Messages++
	if t.wrong {
		c.counts.Wrong++
	}
	t.number++
	t.idle = true
	c.next(index, t)
}

func (c *Client) next(index int, t *conn) {
	if t.fd < 0 || t.left == 0 {
		return
	}
	if t.left > 0 {
		t.left--
	}
	t.sent, t.got, t.wrong, t.idle = 0, 0, false, false
	c.push(index, t)
}

// push sends the rest of the message under way, until the kernel takes no more: then epoll will report room.
func (c *Client) push(index int, t *conn) {
	for t.sent < c.pattern.size {
		n, errno := send(t.fd, c.pattern.message(index, t.number)[t.sent:])
		switch {
		case errno == unix.EAGAIN:
			return
		case errno == unix.EINTR:
			continue
		case errno != 0:
			c.fail(index, t, errno)
			return
		}
		t.sent += n
	}
}

func (c *Client) fail(index int, t *conn, err error) {
	if c.err == nil {
		c.err = fmt.Errorf("load: connection %d, message %d, byte %d: %w", index, t.number, t.got, err)
	}
	c.counts.Broken++
	hangUp(t.fd)
	t.fd, t.idle = -1, true
}
