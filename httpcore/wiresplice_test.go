package httpcore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// passing is a server that passes each request on to another one, and its answer back. Both ends are simulated peers: client
// of the rig, and the origin.
type passing struct {
	*rig
	a       *Agent
	client  *simkernel.Peer
	origin  *simkernel.Peer // the first connection
	others  []*simkernel.Peer
	atEnd   []byte   // what the origin has received on the first
	ends    []string // how things went, in order
	req     *IncomingMessage
	res     *ServerResponse
	up      *ClientRequest
	answer  *IncomingMessage
	instead func(*IncomingMessage, *ServerResponse) // of passing it on
	length  int64                                   // what the answer's head says; -1 is what the origin has said
	chunked bool                                    // it does not say
}

// spliceReads is how much one read gets: one that gets all of it may be followed by a splice.
const spliceReads = 8 << 10

func newPassing(t *testing.T, o RequestOptions) *passing {
	t.Helper()
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l, err := loop.New(loop.Options{
		Kernel: w.Kernel(), ReadBuffer: spliceReads,
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(e *loop.PanicError) { t.Errorf("%v\n%s", e, e.Stack) },
	})
	if err != nil {
		t.Fatal(err)
	}
	x := &passing{a: NewAgent(AgentOptions{}), length: -1}
	o.Agent = x.a
	x.rig = newRigOn(t, w, l, ServerOptions{WriteTimeout: -1, BodyTimeout: 2 * time.Second}, func(req *IncomingMessage, res *ServerResponse) {
		if x.instead != nil {
			x.instead(req, res)
			return
		}
		x.pass(o, req, res)
	})
	t.Cleanup(x.a.Destroy)
	w.ListenPeer(simOrigin, func(p *simkernel.Peer) {
		p.SetWindow(256<<10, 64<<10)
		if x.origin == nil {
			x.origin = p
		} else {
			x.others = append(x.others, p)
		}
	})
	x.client = x.dial()
	x.client.SetWindow(64<<10, 64<<10)
	return x
}

// say notes that something has happened.
func (x *passing) say(what string) func() { return func() { x.ends = append(x.ends, what) } }

func (x *passing) pass(o RequestOptions, req *IncomingMessage, res *ServerResponse) {
	if n := req.ContentLength(); n > 0 {
		o.Header = []string{"Content-Length", strconv.FormatInt(n, 10)}
	}
	up, err := NewRequest(x.l, req.Method(), simURL, o)
	if err != nil {
		x.t.Error(err)
		return
	}
	x.req, x.res, x.up = req, res, up
	fail := func(err error) {
		x.say("failed: " + err.Error())()
		res.Destroy(err)
	}
	res.OnError(func(error) {})
	up.OnError(fail)
	up.OnResponse(func(answer *IncomingMessage) {
		x.answer = answer
		answer.OnError(fail)
		answer.OnEnd(x.say("answer ends"))
		n := answer.ContentLength()
		if x.length >= 0 {
			n = x.length
		}
		if n >= 0 && !x.chunked {
			res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		}
		answer.Pipe(res)
	})
	req.OnEnd(x.say("request ends"))
	up.OnFinish(x.say("request sent"))
	res.OnFinish(x.say("answer sent"))
	res.OnClose(func() {
		if !res.WritableFinished() {
			x.say("answer lost")()
			up.Destroy(nil)
		}
	})
	req.OnAborted(func() { up.Destroy(nil) })
	req.Pipe(up)
}

// move lets both peers send what they have left of from, and receive, until nothing changes.
func (x *passing) move(from *simkernel.Peer, b []byte) (left []byte) {
	x.t.Helper()
	for still := 0; still < 3; {
		n := 0
		if len(b) > 0 {
			n = from.Send(b)
			b = b[n:]
		}
		had := len(x.got) + len(x.atEnd)
		x.turns(4)
		if err := x.read(x.client); err != nil && !errors.Is(err, io.EOF) {
			x.say("the client sees " + err.Error())()
		}
		x.take()
		if still++; n > 0 || len(x.got)+len(x.atEnd) > had {
			still = 0
		}
	}
	return b
}

// take is the origin reading.
func (x *passing) take() {
	for x.origin != nil {
		b, err := x.origin.Recv(64 << 10)
		x.atEnd = append(x.atEnd, b...)
		if err != nil || len(b) == 0 {
			return
		}
		x.turns(4)
	}
}

func (x *passing) spliced() int { return int(x.l.Reactor().Metrics().BytesSpliced) }

// body is what nobody would make up.
func (x *passing) body(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// ask sends a request without a body, and the head of an answer of n bytes.
func (x *passing) ask(n int) {
	x.t.Helper()
	x.move(x.client, []byte(get("/")))
	if !bytes.HasSuffix(x.atEnd, []byte(simHeadEnd)) {
		x.t.Fatalf("the origin has %q", x.atEnd)
	}
	x.move(x.origin, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n))
}

// bodyOf is what stands behind the first head.
func bodyOf(b []byte) []byte {
	_, body, _ := bytes.Cut(b, []byte(simHeadEnd))
	return body
}

const aBody = 1 << 20

func TestAnAnswerThatIsPassedOnIsNotSeen(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.ask(aBody)
	b := x.body(aBody)
	x.move(x.origin, b)
	if !bytes.Equal(bodyOf(x.got), b) {
		t.Errorf("the client has %d bytes of %d", len(bodyOf(x.got)), aBody)
	}
	if n := x.spliced(); n < aBody*3/4 {
		t.Errorf("%d bytes of %d were spliced", n, aBody)
	}
	if got, want := strings.Join(x.ends, ", "), "request ends, request sent, answer ends, answer sent"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	x.got, x.atEnd = nil, nil
	x.ask(2) // over the same connections
	x.move(x.origin, []byte("ok"))
	if string(bodyOf(x.got)) != "ok" || len(x.others) > 0 {
		t.Errorf("got %q, and %d more connections", bodyOf(x.got), len(x.others))
	}
}

func TestWhatStandsBehindASplicedBodyIsTheNextRequest(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	b := x.body(aBody)
	all := append([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "+strconv.Itoa(aBody)+"\r\n\r\n"), b...)
	all = append(all, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nsmall"...)
	if left := x.move(x.client, all); len(left) > 0 {
		t.Fatalf("%d bytes are left", len(left))
	}
	if !bytes.Equal(bodyOf(x.atEnd), b) || len(x.others) != 1 {
		t.Fatalf("the origin has %d bytes of %d, or others; and %d more connections", len(bodyOf(x.atEnd)), aBody, len(x.others))
	}
	if n := x.spliced(); n < aBody*3/4 {
		t.Errorf("%d bytes of %d were spliced", n, aBody)
	}
	if got, _ := x.others[0].Recv(1000); string(bodyOf(got)) != "small" {
		t.Errorf("behind that the origin has %q", got)
	}
	x.move(x.others[0], []byte(simPlain))
	x.move(x.origin, []byte(simPlain))
	if n := strings.Count(string(x.got), "HTTP/1.1 200 "); n != 2 {
		t.Errorf("got %d answers: %q", n, x.got)
	}
}

func TestABodyWhoseEndIsSplicedIsOver(t *testing.T) {
	const last = 32 << 10
	for _, mark := range []int{stream.DefaultHighWaterMark, 4 * last} { // it is waited for, or not
		t.Run(strconv.Itoa(mark), func(t *testing.T) {
			x := newPassing(t, RequestOptions{})
			x.ask(aBody)
			x.res.SetWritableHighWaterMark(mark)
			b, end := x.body(aBody), last+spliceReads
			x.move(x.origin, b[:aBody-end])
			before := x.spliced()
			x.move(x.origin, b[aBody-end:])
			if n := x.spliced() - before; n != last {
				t.Fatalf("%d bytes were spliced at the end, want %d", n, last)
			}
			if got, want := strings.Join(x.ends[2:], ", "), "answer ends, answer sent"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if !bytes.Equal(bodyOf(x.got), b) {
				t.Errorf("the client has %d bytes of %d", len(bodyOf(x.got)), aBody)
			}
		})
	}
}

func TestWhoListensSeesASplicedBodyFromThenOn(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.ask(aBody)
	b := x.body(aBody)
	x.move(x.origin, b[:aBody/2])
	before, seen := x.spliced(), 0
	sub := x.answer.OnData(func(p []byte) { seen += len(p) })
	x.move(x.origin, b[aBody/2:aBody*3/4])
	if n := x.spliced(); before == 0 || n != before || seen != aBody/4 {
		t.Errorf("%d bytes were spliced before, %d after, and %d seen", before, n, seen)
	}
	sub.Off()
	x.move(x.origin, b[aBody*3/4:])
	if n := x.spliced(); n == before || seen != aBody/4 {
		t.Errorf("%d bytes were spliced, as before, and %d seen", n, seen)
	}
	if !bytes.Equal(bodyOf(x.got), b) {
		t.Errorf("the client has %d bytes of %d", len(bodyOf(x.got)), aBody)
	}
}

func TestWhatHasToBeFramedIsNotSpliced(t *testing.T) {
	const n = 256 << 10
	for _, c := range []struct{ name, head, before, behind string }{
		{"chunked on both sides", "Transfer-Encoding: chunked", "40000\r\n", "\r\n0\r\n\r\n"},
		{"chunked for the client", "Content-Length: 262144", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newPassing(t, RequestOptions{})
			x.chunked = true
			x.move(x.client, []byte(get("/")))
			b := x.body(n)
			x.move(x.origin, []byte("HTTP/1.1 200 OK\r\n"+c.head+simHeadEnd+c.before))
			x.move(x.origin, append(bytes.Clone(b), c.behind...))
			got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(bodyOf(x.got))))
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			if n := x.spliced(); n > 0 {
				t.Errorf("%d bytes were spliced", n)
			}
		})
	}
}

func TestASplicedBodyWaitsForASlowClient(t *testing.T) {
	x := newPassing(t, RequestOptions{BodyTimeout: 2 * time.Second})
	x.ask(aBody)
	b := x.body(aBody)
	left := b
	for range 100 { // the client reads nothing
		left = left[x.origin.Send(left):]
		x.turns(4)
	}
	stuck := len(left)
	if stuck < aBody/4 {
		t.Fatalf("the proxy has taken all but %d bytes of %d", stuck, aBody)
	}
	if n, held := x.res.WritableLength(), x.answer.ReadableLength(); n > 300<<10 || held > 0 || n == 0 {
		t.Errorf("%d bytes wait for the client, and %d before them", n, held)
	}
	x.rig.pass(10 * time.Second) // nobody is blamed for what nobody reads
	if left = left[x.origin.Send(left):]; len(left) != stuck || len(x.ends) != 2 {
		t.Errorf("%d bytes are left of %d; %v", len(left), stuck, x.ends)
	}
	x.move(x.origin, left)
	if !bytes.Equal(bodyOf(x.got), b) {
		t.Errorf("the client has %d bytes of %d; %v", len(bodyOf(x.got)), aBody, x.ends)
	}
}

func TestASplicedBodyThatStopsComingHasItsTime(t *testing.T) {
	x := newPassing(t, RequestOptions{BodyTimeout: 2 * time.Second})
	x.ask(aBody)
	b := x.body(aBody)
	for i := range 4 { // a splice is a sign of life
		x.move(x.origin, b[i*aBody/8:(i+1)*aBody/8])
		x.rig.pass(1500 * time.Millisecond)
	}
	if n := x.spliced(); n == 0 || len(x.ends) != 2 {
		t.Fatalf("%d bytes were spliced; %v", n, x.ends)
	}
	x.rig.pass(2*time.Second + slack)
	x.move(nil, nil)
	if got := strings.Join(x.ends[2:], ", "); !strings.Contains(got, "failed: ") || !strings.Contains(got, "answer lost") {
		t.Errorf("the origin says nothing: %v", x.ends)
	}
	if len(bodyOf(x.got)) != aBody/2 {
		t.Errorf("the client has %d bytes of %d", len(bodyOf(x.got)), aBody/2)
	}
}

func TestAMessageTakesNoMoreThanItsLengthBySplicing(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	const promised = aBody * 3 / 4
	x.length = promised
	x.ask(aBody)
	b := x.body(aBody)
	x.move(x.origin, b)
	if got := bodyOf(x.got); !bytes.HasPrefix(b[:promised], got) {
		t.Errorf("the client has %d bytes of %d, or others", len(got), promised)
	}
	if n := x.spliced(); n < promised/2 || n > promised {
		t.Errorf("%d bytes were spliced, of %d", n, promised)
	}
	if err := x.res.Errored(); !errors.Is(err, ErrContentLength) {
		t.Errorf("the answer has failed with %v", err)
	}
}

func TestASplicedBodyThatIsCutOffIsNotWhole(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.ask(aBody)
	b := x.body(aBody)
	x.move(x.origin, b[:aBody/2])
	x.origin.Reset()
	x.move(nil, nil)
	if x.spliced() == 0 || x.res.WritableFinished() || !x.answer.Aborted() {
		t.Errorf("%d bytes spliced, finished %t, aborted %t", x.spliced(), x.res.WritableFinished(), x.answer.Aborted())
	}
	if got := bodyOf(x.got); !bytes.HasPrefix(b, got) {
		t.Errorf("the client has %d bytes, and others", len(got))
	}
	if got := strings.Join(x.ends, ", "); strings.Contains(got, "answer sent") || !strings.Contains(got, "answer lost") {
		t.Error(x.ends)
	}
}

func TestAClientThatLeavesASplicedBodyEndsIt(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.ask(aBody)
	x.move(x.origin, x.body(aBody)[:aBody/2])
	x.client.Reset()
	x.turns(20)
	x.origin.Send(make([]byte, aBody/2))
	x.turns(20)
	if err := x.origin.Err(); !errors.Is(err, reactor.ECONNRESET) && !x.origin.Ended() {
		t.Errorf("the origin goes on: %v; %v", err, x.ends)
	}
	if x.res.WritableFinished() {
		t.Error("the answer has finished")
	}
}

func TestABodyThatWasHeldIsReadAgainWhenItsPipeGoes(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.ask(aBody)
	left := x.body(aBody)
	for range 100 {
		left = left[x.origin.Send(left):]
		x.turns(4)
	}
	if x.answer.ReadableLength() > 0 || len(left) == 0 {
		t.Fatalf("%d bytes of the answer are read ahead", x.answer.ReadableLength())
	}
	x.answer.Unpipe(x.res)
	x.turns(20)
	if n := x.answer.ReadableLength(); n < x.answer.ReadableHighWaterMark() {
		t.Errorf("%d bytes of the answer are read ahead, of %d", n, x.answer.ReadableHighWaterMark())
	}
	x.client.Reset()
	x.turns(20)
}

// TestMessagesAndSocketsAreSplicedIntoEachOther has an upload go to a socket that speaks something else, and the answer come from it.
func TestMessagesAndSocketsAreSplicedIntoEachOther(t *testing.T) {
	x := newPassing(t, RequestOptions{})
	x.instead = func(req *IncomingMessage, res *ServerResponse) {
		_, err := x.l.Dial("tcp", simOrigin, loop.DialOptions{}, func(c *loop.Conn, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			s := stream.NewSocket(x.l, c, stream.SocketOptions{AllowHalfOpen: true})
			res.SetHeader("Content-Length", strconv.Itoa(aBody))
			stream.Pipeline(func(err error) { x.say(fmt.Sprint("over: ", err))() }, req, s, res)
		})
		if err != nil {
			t.Error(err)
		}
	}
	b := x.body(aBody)
	x.move(x.client, append(fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", aBody), b...))
	up := x.spliced()
	if up < aBody*3/4 || !bytes.Equal(x.atEnd, b) || !x.origin.Ended() {
		t.Fatalf("%d bytes of %d were spliced, %d have arrived; ended: %t", up, aBody, len(x.atEnd), x.origin.Ended())
	}
	x.move(x.origin, b)
	x.origin.CloseWrite()
	x.move(nil, nil)
	if n := x.spliced() - up; n < aBody*3/4 || !bytes.Equal(bodyOf(x.got), b) {
		t.Errorf("%d bytes of %d were spliced, %d have arrived", n, aBody, len(bodyOf(x.got)))
	}
	if got := strings.Join(x.ends, ", "); got != "over: <nil>" {
		t.Error(got)
	}
}
