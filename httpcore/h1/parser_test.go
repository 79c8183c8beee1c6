package h1

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// longRequest has every callback of a request in it but OnStatus, and most states.
const longRequest = "POST http://a.b:80/x?y HTTP/1.1\r\nHost: a.b:80 \r\nX: y \r\nEmpty:\r\nTransfer-Encoding: chunked\r\n" +
	"Connection: foo, keep-alive\r\n\r\n5 ; a = b;c=\"d\\\"e\";f\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n"

// on calls f in a callback, each time with its name, and is otherwise silent.
type on struct{ f func(callback string) }

func (o on) last(callback string, last bool) {
	if last {
		o.f(callback)
	}
}
func (o on) OnMessageBegin()                        { o.f("OnMessageBegin") }
func (o on) OnMethod(_ []byte, l bool)              { o.last("OnMethod", l) }
func (o on) OnURL(_ []byte, l bool)                 { o.last("OnURL", l) }
func (o on) OnVersion(int, int)                     { o.f("OnVersion") }
func (o on) OnStatus(_ []byte, l bool)              { o.last("OnStatus", l) }
func (o on) OnHeaderField(_ []byte, l bool)         { o.last("OnHeaderField", l) }
func (o on) OnHeaderValue(_ []byte, l bool)         { o.last("OnHeaderValue", l) }
func (o on) OnHeadersComplete() Answer              { o.f("OnHeadersComplete"); return Proceed }
func (o on) OnBody([]byte)                          { o.f("OnBody") }
func (o on) OnChunkExtensionName(_ []byte, l bool)  { o.last("OnChunkExtensionName", l) }
func (o on) OnChunkExtensionValue(_ []byte, l bool) { o.last("OnChunkExtensionValue", l) }
func (o on) OnChunkHeader(uint64)                   { o.f("OnChunkHeader") }
func (o on) OnChunkComplete()                       { o.f("OnChunkComplete") }
func (o on) OnMessageComplete()                     { o.f("OnMessageComplete") }

// upgrader takes every upgrade.
type upgrader struct{ Nop }

func (upgrader) OnHeadersComplete() Answer { return Upgrade }

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("got panic %q, want %q in it", got, want)
		}
	}()
	f()
}

// saysAgain wants p to be where it is for good, with err.
func saysAgain(t *testing.T, p *Parser, err error) {
	t.Helper()
	for _, in := range []string{"", "x", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"} {
		if n, again := p.Execute([]byte(in)); n != 0 || again != err {
			t.Errorf("Execute(%q) gives %d, %v, want 0, %v", in, n, again, err)
		}
	}
	if again := p.Finish(); again != err {
		t.Errorf("Finish gives %v, want %v", again, err)
	}
}

func TestARefusedMessageStaysRefused(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	n, err := p.Execute([]byte("GET / HTTP/1.1\r\nHost : a\r\n\r\n"))
	if !errors.Is(err, &Error{Code: CodeInvalidHeaderToken}) || n != 20 || StatusOf(err) != 400 {
		t.Fatalf("got %d, %v", n, err)
	}
	saysAgain(t, &p, err)
	p.Resume()
	p.ResumeAfterUpgrade()
	saysAgain(t, &p, err)
	p.Pause()
	saysAgain(t, &p, err)
	p.Fail(errors.New("too late"))
	saysAgain(t, &p, err)
	if p.Between() {
		t.Error("a dead Parser is between messages")
	}
}

func TestAPausedParserConsumesNothing(t *testing.T) {
	tr := &tracer{pauseIn: "OnURL"}
	var p Parser
	tr.p = &p
	p.Reset(Request, tr, nil)
	in := "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
	n, err := p.Execute([]byte(in))
	if err != ErrPaused || n != len("GET /a ") {
		t.Fatalf("got %d, %v", n, err)
	}
	saysAgain(t, &p, ErrPaused)
	p.ResumeAfterUpgrade()
	saysAgain(t, &p, ErrPaused)
	p.Resume()
	if m, err := p.Execute([]byte(in[n:])); err != nil || n+m != len(in) {
		t.Errorf("got %d, %v", m, err)
	}
}

func TestPauseBetweenCallsHoldsTheNext(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	p.Pause()
	p.Pause()
	saysAgain(t, &p, ErrPaused)
	p.Resume()
	if n, err := p.Execute([]byte("GET")); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestResumeWithoutPauseDoesNothing(t *testing.T) {
	var p Parser
	p.Reset(Request, upgrader{}, nil)
	p.Resume()
	p.ResumeAfterUpgrade()
	in := []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nraw")
	for i := range in[:len(in)-3] {
		p.Resume()
		p.ResumeAfterUpgrade()
		if n, err := p.Execute(in[i : i+1]); n != 1 || err != nil && err != ErrUpgrade {
			t.Fatalf("byte %d: got %d, %v", i, n, err)
		}
	}
	p.Resume()
	saysAgain(t, &p, ErrUpgrade)
}

func TestResumeInsideTheCallbackThatPaused(t *testing.T) {
	var p Parser
	p.Reset(Request, on{func(string) { p.Pause(); p.Resume() }}, nil)
	if n, err := p.Execute([]byte(longRequest)); n != len(longRequest) || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestAnUpgradedParserLeavesTheRestUntouched(t *testing.T) {
	var p Parser
	p.Reset(Request, upgrader{}, nil)
	in := "GET / HTTP/1.1\r\nHost: a\r\n\r\nraw"
	n, err := p.Execute([]byte(in))
	if err != ErrUpgrade || in[n:] != "raw" {
		t.Fatalf("got %d, %v", n, err)
	}
	saysAgain(t, &p, ErrUpgrade)
	if e := err.(*Error); e.Fault() != FaultNone || StatusOf(err) != 0 {
		t.Errorf("it is %v's fault, status %d", e.Fault(), StatusOf(err))
	}
	p.ResumeAfterUpgrade()
	if n, err := p.Execute([]byte("GET / HTTP/1.0\r\n\r\n")); n != 18 || err != ErrUpgrade {
		t.Errorf("resumed: got %d, %v", n, err)
	}
}

func TestAParserThatIsPausedStaysSoAfterAnUpgrade(t *testing.T) {
	var p Parser
	p.Reset(Request, upgrader{}, nil)
	if _, err := p.Execute([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != ErrUpgrade {
		t.Fatal(err)
	}
	p.Pause()
	p.ResumeAfterUpgrade()
	saysAgain(t, &p, ErrPaused)
	p.Resume()
	if n, err := p.Execute([]byte("GET")); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestAnHTTP2PrefaceIsNoUpgradeToResume(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	in := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	if n, err := p.Execute([]byte(in + "frames")); n != len(in) || err != ErrH2Preface {
		t.Fatalf("got %d, %v", n, err)
	}
	p.ResumeAfterUpgrade()
	saysAgain(t, &p, ErrH2Preface)
}

func TestExecuteInsideACallbackPanics(t *testing.T) {
	for _, callback := range callbacks {
		if callback == "OnStatus" {
			continue
		}
		var p Parser
		called := false
		p.Reset(Request, on{func(name string) {
			if name == callback && !called {
				called = true
				mustPanic(t, "Execute inside a callback", func() { p.Execute([]byte("x")) })
				mustPanic(t, "Finish inside a callback", func() { p.Finish() })
			}
		}}, nil)
		if n, err := p.Execute([]byte(longRequest)); n != len(longRequest) || err != nil || !called {
			t.Errorf("%s: got %d, %v, called %v", callback, n, err, called)
		}
	}
}

func TestMisuseOfAParserPanics(t *testing.T) {
	var p Parser
	mustPanic(t, "Execute before Reset", func() { p.Execute(nil) })
	mustPanic(t, "Finish before Reset", func() { p.Finish() })
	mustPanic(t, "needs a Handler", func() { p.Reset(Request, nil, nil) })
	p.Reset(Request, Nop{}, nil)
	mustPanic(t, "Fail without an error", func() { p.Fail(nil) })
	for _, l := range []Limits{
		{StartLine: -1}, {Header: -1}, {Field: -1}, {Fields: -1}, {ChunkLine: -1}, {ChunkExtensions: -1}, {Trailer: -1}, {Interim: -1},
	} {
		mustPanic(t, "a negative limit", func() { p.Reset(Request, Nop{}, &l) })
	}
}

// stopper pauses or fails in one callback of a head, and appends to every span.
type stopper struct {
	Nop
	p  *Parser
	in string
	do func(*Parser)
}

func (s *stopper) at(callback string, p []byte, last bool) {
	_ = append(p, "xxxx"...) // what the parser has not read must not change
	if last && callback == s.in {
		s.do(s.p)
	}
}

func (s *stopper) OnMethod(p []byte, last bool)      { s.at("method", p, last) }
func (s *stopper) OnURL(p []byte, last bool)         { s.at("url", p, last) }
func (s *stopper) OnHeaderField(p []byte, last bool) { s.at("field", p, last) }
func (s *stopper) OnHeaderValue(p []byte, last bool) { s.at("value", p, last) }
func (s *stopper) OnStatus(p []byte, last bool)      { s.at("status", p, last) }

// Where a callback stops the Parser is the same place however the input is cut.
func TestAStopIsAtTheSameByteWhereverTheInputIsCut(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		input string
		in    []string
	}{
		{Request, "GET /x HTTP/1.1\r\nX: y \r\nHost: a\r\n\r\n", []string{"method", "url", "field", "value"}},
		{Response, "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n", []string{"status", "field", "value"}},
	} {
		for _, in := range c.in {
			for name, do := range map[string]func(*Parser){
				"Pause": (*Parser).Pause, "Fail": func(p *Parser) { p.Fail(errors.New("enough")) },
			} {
				whole := 0
				for cut := range c.input {
					var p Parser
					p.Reset(c.kind, &stopper{p: &p, in: in, do: do}, nil)
					at, err := p.Execute([]byte(c.input[:cut]))
					if err == nil {
						var n int
						n, err = p.Execute([]byte(c.input[cut:]))
						at += n
					}
					var e *Error
					if !errors.As(err, &e) || e.Code == CodeUser && e.Offset != uint64(at) {
						t.Fatalf("%s in %s, cut at %d: stopped at %d with %v", name, in, cut, at, err)
					}
					if cut == 0 {
						whole = at
					}
					if at != whole {
						t.Errorf("%s in %s: stopped at %d, and at %d if cut at %d", name, in, whole, at, cut)
					}
				}
			}
		}
	}
}

// Only a 2xx can begin a tunnel: what is behind another head is its body, whatever the handler takes it for.
func TestUpgradeIsOnlyForAnswersThatBeginATunnel(t *testing.T) {
	for _, c := range []struct {
		head   string
		tunnel bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
		{"HTTP/1.1 204 No Content\r\n\r\n", true},
		{"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", false},
		{"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\n", false},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\n", false},
	} {
		var p Parser
		h := &tunneller{}
		p.Reset(Response, h, nil)
		n, err := p.Execute([]byte(c.head + "hello"))
		if tunnel := err == ErrUpgrade; tunnel != c.tunnel || tunnel && n != len(c.head) || !tunnel && string(h.body) != "hello" {
			t.Errorf("%q: consumed %d, %v, body %q", c.head, n, err, h.body)
		}
	}
}

// tunneller takes every answer for the beginning of a tunnel.
type tunneller struct {
	Nop
	body []byte
}

func (*tunneller) OnHeadersComplete() Answer { return Upgrade }
func (h *tunneller) OnBody(p []byte)         { h.body = append(h.body, p...) }

func TestARefusedMessageKeepsNothingAlive(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	if _, err := p.Execute([]byte("GET / HTTP/1.1\r\nContent-Length: x\r\n")); err == nil || p.KeepAlive() || p.Between() {
		t.Errorf("got %v, KeepAlive %v, Between %v", err, p.KeepAlive(), p.Between())
	}
	var none *Error
	if errors.Is(ErrPaused, none) {
		t.Error("an Error is no nil one")
	}
}

func TestFailInACallbackEndsTheMessageThere(t *testing.T) {
	why := errors.New("why")
	for _, callback := range callbacks {
		if callback == "OnStatus" {
			continue
		}
		for cut := range len(longRequest) {
			var p Parser
			failed, after := false, 0
			p.Reset(Request, on{func(name string) {
				if failed {
					after++
				}
				if name == callback {
					failed = true
					p.Fail(why)
					p.Fail(errors.New("a second reason"))
				}
			}}, nil)
			n, err := p.Execute([]byte(longRequest[:cut]))
			if err == nil {
				var m int
				m, err = p.Execute([]byte(longRequest[cut:]))
				n += m
			}
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, why) || e.Code != CodeUser || e.Fault() != FaultLocal || e.Offset != uint64(n) {
				t.Fatalf("%s, cut at %d: got %d, %#v", callback, cut, n, err)
			}
			if after > 0 {
				t.Fatalf("%s, cut at %d: %d callbacks came behind it", callback, cut, after)
			}
			saysAgain(t, &p, err)
			p.Resume()
			saysAgain(t, &p, err)
		}
	}
}

func TestFailBetweenCalls(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	if _, err := p.Execute([]byte("GET /")); err != nil {
		t.Fatal(err)
	}
	p.Fail(errors.New("why"))
	_, err := p.Execute(nil)
	if got := fmt.Sprint(err); got != "h1: USER at byte 5: why" {
		t.Errorf("got %s", got)
	}
	saysAgain(t, &p, err)
}

// What a pause has put off needs no byte, so it is not missing when there are none any more.
func TestTheInputEndsBehindAPauseAtTheLastByte(t *testing.T) {
	for _, tc := range []struct{ callback, in string }{
		{"OnHeadersComplete", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"OnBody", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"},
		{"OnChunkComplete", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	} {
		tr := &tracer{pauseIn: tc.callback}
		var p Parser
		tr.p = &p
		p.Reset(Request, tr, nil)
		if n, err := p.Execute([]byte(tc.in)); n != len(tc.in) || err != ErrPaused {
			t.Fatalf("%s: got %d, %v", tc.callback, n, err)
		}
		p.Resume()
		if err := p.Finish(); err != nil || !strings.HasSuffix(tr.b.String(), "end\n") {
			t.Errorf("%s: got %v behind\n%s", tc.callback, err, tr.b.String())
		}
	}
}

func TestTheInputEndsBehindAPauseBeforeAnUpgrade(t *testing.T) {
	tr := &tracer{pauseIn: "OnMessageComplete", answers: []Answer{Upgrade}}
	var p Parser
	tr.p = &p
	p.Reset(Request, tr, nil)
	if _, err := p.Execute([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != ErrPaused {
		t.Fatal(err)
	}
	p.Resume()
	if err := p.Finish(); err != ErrUpgrade {
		t.Errorf("got %v", err)
	}
}

func TestFinishMayBeCalledAgain(t *testing.T) {
	tr := &tracer{}
	var p Parser
	p.Reset(Response, tr, nil)
	if _, err := p.Execute([]byte("HTTP/1.1 200 OK\r\n\r\nhello")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(tr.b.String(), "end\n"); got != 1 {
		t.Errorf("the message ended %d times", got)
	}
	if n, err := p.Execute([]byte("more")); n != 0 || !errors.Is(err, &Error{Code: CodeClosedConnection}) {
		t.Errorf("then it took %d bytes, %v", n, err)
	}
}

// For each callback, and for all at once, at every cut: but for the pauses the log is that of the whole.
func TestAPauseInAnyCallbackChangesNothing(t *testing.T) {
	const response = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nX: y\r\n\r\nhello"
	for _, c := range []parserCase{
		{kind: Request, input: []byte(longRequest + longRequest)},
		{kind: Response, input: []byte(response), finish: true},
	} {
		want := c.play(t)
		for _, callback := range append([]string{"all"}, callbacks...) {
			c.pauseIn = callback
			for cut := range c.input {
				got := strings.ReplaceAll(c.play(t, cut), "paused\n", "")
				if got != want {
					t.Fatalf("%s, cut at %d: got\n%s\nwant\n%s", callback, cut, got, want)
				}
			}
		}
	}
}

// A Parser that was Reset anywhere reads as one that is new.
func TestResetForgetsEverything(t *testing.T) {
	in := "GET /a HTTP/1.0\r\nX: y\r\n\r\n"
	fresh := &tracer{}
	var p Parser
	fresh.p = &p
	p.Reset(Request, fresh, nil)
	if _, err := p.Execute([]byte(in)); err != nil {
		t.Fatal(err)
	}
	for cut := range len(longRequest) {
		p.Reset(Request, upgrader{}, &Limits{Fields: 8})
		if _, err := p.Execute([]byte(longRequest[:cut])); err != nil {
			t.Fatal(err)
		}
		p.Pause()
		tr := &tracer{p: &p}
		p.Reset(Request, tr, nil)
		if n, err := p.Execute([]byte(in)); n != len(in) || err != nil || tr.b.String() != fresh.b.String() {
			t.Fatalf("cut at %d: got %d, %v\n%s", cut, n, err, tr.b.String())
		}
	}
}

func TestTheQuestionsBeforeAHeadIsComplete(t *testing.T) {
	var p Parser
	p.Reset(Response, Nop{}, nil)
	if !p.Between() || p.StatusCode() != 0 {
		t.Error("a new Parser is not before a message")
	}
	if _, err := p.Execute([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")); err != nil {
		t.Fatal(err)
	}
	if p.Between() || p.StatusCode() != 200 || p.ContentLength() != -1 || p.Chunked() || p.InTrailers() {
		t.Error("inside a head it says what is not known yet")
	}
}

func TestAnErrorSaysWhatAndWhere(t *testing.T) {
	for _, tc := range []struct {
		err  *Error
		want string
	}{
		{&Error{Code: CodeInvalidURL, Offset: 4, Reason: "a fragment"}, "h1: INVALID_URL at byte 4: a fragment"},
		{&Error{Code: CodeUser, Offset: 4, Err: errors.New("why")}, "h1: USER at byte 4: why"},
		{&Error{Code: CodePaused}, "h1: PAUSED"},
		{&Error{Code: 200}, "h1: Code(200)"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
	err := fmt.Errorf("reading: %w", &Error{Code: CodeInvalidHost, Status: 400})
	if StatusOf(err) != 400 || StatusOf(errors.New("x")) != 0 {
		t.Error("a wrapped error's status is not found, or one that is none")
	}
	if !errors.Is(err, &Error{Code: CodeInvalidHost}) || errors.Is(err, ErrPaused) {
		t.Error("a wrapped error is not found by its code, or by another's")
	}
}

func TestEveryCodeHasAName(t *testing.T) {
	for c := CodeStrict; c <= CodeUnsafe; c++ {
		if strings.HasPrefix(c.String(), "Code(") {
			t.Errorf("code %d has none", c)
		}
	}
}

func TestAParserIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(Parser{}); got > 256 {
		t.Errorf("a Parser has %d bytes, more than 256", got)
	}
}

func TestNothingIsAllocatedParsing(t *testing.T) {
	whole := []byte(longRequest)
	var p Parser
	p.Reset(Request, Nop{}, nil)
	feed := func(step int) func() {
		return func() {
			for i := 0; i < len(whole); i += step {
				if _, err := p.Execute(whole[i:min(i+step, len(whole))]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, step := range []int{len(whole), 64, 7, 1} {
		if got := testing.AllocsPerRun(100, feed(step)); got != 0 {
			t.Errorf("in pieces of %d: %v allocations a message", step, got)
		}
	}
	if got := testing.AllocsPerRun(100, func() { p.Reset(Request, Nop{}, nil) }); got != 0 {
		t.Errorf("Reset allocates %v times", got)
	}
}

func TestTrimOWSTakesSpacesAndTabsOnly(t *testing.T) {
	for in, want := range map[string]string{"": "", " \t ": "", "a": "a", "\t a b\t ": "a b", "\va\u00a0": "\va\u00a0"} {
		if got := string(TrimOWS([]byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// A callback that fails ends it there, with its error, wherever the input is cut.
func TestAFailureInACallbackIsTheSameHoweverTheInputIsCut(t *testing.T) {
	broken := errors.New("broken")
	const next = ":" // which would be refused
	for _, in := range []string{longRequest + next, "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" + next, "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n" + next} {
		kind := Request
		if strings.HasPrefix(in, "HTTP/") {
			kind = Response
		}
		for _, callback := range callbacks {
			play := func(cuts ...int) string {
				var p Parser
				p.Reset(kind, on{func(name string) {
					if name == callback {
						p.Fail(broken)
					}
				}}, nil)
				at := 0
				for _, end := range append(cuts, len(in)) {
					n, err := p.Execute([]byte(in[at:end]))
					if at += n; err != nil {
						return fmt.Sprintf("%v at %d", err, at)
					}
				}
				return fmt.Sprintf("%d bytes", at)
			}
			whole := play()
			for i := range in {
				if got := play(i); got != whole && callback != "OnBody" { // a piece of a body is where it is cut
					t.Errorf("%s of %q, cut at %d: got %s, want %s", callback, in, i, got, whole)
				}
			}
		}
	}
}
