package httpcore

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// tape is a Transport that keeps what it is given, write by write, and takes it when the test says so.
type tape struct {
	h      stream.ReadHandler
	writes []string
	done   []func(error)
	size   int
	refuse error
	closed bool
}

func (x *tape) ReadStart(h stream.ReadHandler) error { x.h = h; return nil }
func (x *tape) ReadStop()                            {}
func (x *tape) Write(bufs [][]byte, done func(error)) error {
	for _, b := range bufs[1:] {
		bufs[0] = append(bufs[0][:len(bufs[0]):len(bufs[0])], b...)
	}
	return x.WriteBorrowed(bufs[0], done)
}

func (x *tape) WriteBorrowed(p []byte, done func(error)) error {
	if x.refuse != nil {
		return x.refuse
	}
	x.writes = append(x.writes, string(p))
	x.done = append(x.done, done)
	x.size += len(p)
	return nil
}
func (x *tape) WriteQueueSize() int          { return x.size }
func (x *tape) CloseWrite(func(error)) error { return nil }
func (x *tape) Close(done func()) {
	x.closed = true
	x.tell(io.ErrClosedPipe)
	done()
}
func (x *tape) CloseReset(func()) error    { return errors.New("there is no such thing") }
func (x *tape) LocalAddr() netip.AddrPort  { return netip.AddrPort{} }
func (x *tape) RemoteAddr() netip.AddrPort { return netip.AddrPort{} }

// tell completes all writes.
func (x *tape) tell(err error) {
	x.size = 0
	for len(x.done) > 0 {
		fn := x.done[0]
		x.done = x.done[1:]
		fn(err)
	}
}

// taped returns a connection that fn answers on.
func taped(t *testing.T, fn func(*IncomingMessage, *ServerResponse)) (*tape, *loop.Loop) {
	t.Helper()
	l, err := loop.New(loop.Options{Kernel: simkernel.New(simkernel.Options{Seed: 1}).Kernel()})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(ServerOptions{})
	s.OnRequest(fn)
	x := new(tape)
	s.ServeTransport(l, x)
	return x, l
}

// bodies are those of answers, which are of the letters a to z.
func bodies(answers string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(answers, "\r\n\r\n") {
		body, _, _ := strings.Cut(part, "HTTP/1.1")
		b.WriteString(body)
	}
	return b.String()
}

func TestAnswersToPipelinedRequestsLeaveAsOneWrite(t *testing.T) {
	var told []string
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		path := req.Path()
		res.EndWith([]byte(path[1:]), func(err error) { told = append(told, fmt.Sprint(path, err)) })
	})
	x.h.OnRead([]byte(get("/a")+get("/b")+get("/c")), nil)
	l.EndTurn()
	if len(x.writes) != 1 || bodies(x.writes[0]) != "abc" {
		t.Fatalf("%d writes: %q", len(x.writes), x.writes)
	}
	if len(told) > 0 {
		t.Errorf("told of %q before it was taken", told)
	}
	x.tell(nil)
	l.EndTurn()
	if got := fmt.Sprint(told); got != "[/a<nil> /b<nil> /c<nil>]" {
		t.Errorf("told %s", got)
	}
}

func TestALargeAnswerKeepsItsPlaceBetweenSmallOnes(t *testing.T) {
	large := strings.Repeat("l", 3*maxGathered)
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/large" {
			res.EndString(large)
			return
		}
		res.EndString(req.Path()[1:])
	})
	x.h.OnRead([]byte(get("/a")+get("/b")+get("/large")+get("/c")), nil)
	l.EndTurn()
	if got := bodies(strings.Join(x.writes, "")); got != "ab"+large+"c" {
		t.Errorf("%d writes: %.300q", len(x.writes), x.writes)
	}
}

func TestAnswersThatWereGatheredAreToldThatTheirConnectionIsLost(t *testing.T) {
	for _, how := range []string{"closed by a handler", "refused", "failed"} {
		t.Run(how, func(t *testing.T) {
			told, closed := 0, 0
			var x *tape
			x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
				res.OnClose(func() { closed++ })
				if req.Path() == "/last" {
					res.Destroy(nil)
					return
				}
				res.EndWith([]byte("x"), func(err error) {
					if err == nil {
						t.Error("an answer was told that it is sent")
					}
					told++
				})
			})
			in := get("/") + get("/")
			switch how {
			case "closed by a handler":
				in += get("/last")
				closed--
			case "refused":
				x.refuse = errors.New("refused")
			}
			x.h.OnRead([]byte(in), nil)
			l.EndTurn()
			if how == "failed" {
				x.tell(errors.New("failed"))
				l.EndTurn()
			}
			if told != 2 || closed != 2 || !x.closed {
				t.Errorf("%d of 2 told, %d of 2 closed, transport closed: %v", told, closed, x.closed)
			}
			l.EndTurn()
		})
	}
}

func TestAPanicInOneCallbackLeavesTheOthersOfTheSameWriteTold(t *testing.T) {
	told := 0
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		res.EndWith([]byte("x"), func(error) {
			if told++; told == 1 {
				panic("as asked")
			}
		})
	})
	x.h.OnRead([]byte(get("/")+get("/")+get("/")), nil)
	l.EndTurn()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("there was no panic")
			}
		}()
		x.tell(nil)
	}()
	l.EndTurn()
	if told != 3 {
		t.Errorf("%d of 3 told", told)
	}
}

func TestAPanicInAHandlerLosesNoEarlierAnswer(t *testing.T) {
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/panic" {
			panic("as asked")
		}
		res.EndString("x")
	})
	func() {
		defer func() { _ = recover() }()
		x.h.OnRead([]byte(get("/")+get("/panic")), nil)
	}()
	l.EndTurn()
	if got := bodies(strings.Join(x.writes, "")); got != "x" {
		t.Errorf("written: %q", x.writes)
	}
}

func TestAHeadThatWasFixedBeforeIsNotTakenForTheLastOnesMemory(t *testing.T) {
	var first *ServerResponse
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		if err := res.WriteHead(200, "X-Path", req.Path()); err != nil {
			t.Error(err)
		}
		if first == nil {
			first = res
			return
		}
		res.EndString("y")
		first.EndString("x")
	})
	x.h.OnRead([]byte(get("/a")+get("/b")), nil)
	l.EndTurn()
	got := strings.Join(x.writes, "")
	if a, b := strings.Index(got, "X-Path: /a\r\n"), strings.Index(got, "X-Path: /b\r\n"); a < 0 || b < a || strings.Count(got, "\r\n1\r\nx\r\n") != 1 || strings.Count(got, "\r\n1\r\ny\r\n") != 1 {
		t.Errorf("written: %q", x.writes)
	}
}

func TestACallbackThatClosesATransportWhichTellsAtOnceLeavesEachToldOnce(t *testing.T) {
	told := 0
	x, l := taped(t, func(req *IncomingMessage, res *ServerResponse) {
		res.EndWith([]byte("x"), func(error) {
			if told++; told == 1 {
				res.conn().destroy(nil)
			}
		})
	})
	x.h.OnRead([]byte(get("/")+get("/")+get("/")), nil)
	l.EndTurn()
	x.tell(nil)
	l.EndTurn()
	if told != 3 || !x.closed {
		t.Errorf("%d of 3 told, closed: %v", told, x.closed)
	}
}
