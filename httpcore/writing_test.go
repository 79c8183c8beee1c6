package httpcore_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

func TestWritingAResponse(t *testing.T) {
	big := strings.Repeat("a", 4<<20)
	play(t, []scene{
		{
			name: "the callbacks of writes come in order, and that of End behind 'finish'",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				x.mark(fmt.Sprint(r.WriteChunk([]byte("a"), x.told("a"))))
				x.mark(fmt.Sprint(r.WriteChunk([]byte("b"), x.told("b"))))
				r.EndWith([]byte("c"), x.told("end"))
				x.mark("returned")
			},
			wire:   "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|a|1|b|1|c|0||",
			events: "request; * true; * true; * returned; * a; * b; res finish; * end; req end; res close; req close",
			writes: 1,
		},
		{
			name: "a write behind the end is refused, and nobody listening for that is told of",
			handler: func(x *stage, _ request, r response) {
				r.EndString("a")
				x.mark(fmt.Sprint(r.WriteChunk([]byte("b"), x.told("b"))))
			},
			wire:   "HTTP/1.1 200 OK|" + live + "Content-Length: 1||a",
			events: "request; * false; res finish; * b ERR_STREAM_WRITE_AFTER_END; ! ERR_STREAM_WRITE_AFTER_END; res close; req end; req close",
			whole:  true,
		},
		{
			name: "a second End is told of 'finish', and one behind that or with bytes is refused",
			handler: func(x *stage, _ request, r response) {
				x.errors(nil, r)
				r.EndWith([]byte("a"), x.told("1"))
				r.EndWith(nil, x.told("2"))
				r.OnFinish(func() { r.EndWith(nil, x.told("3")) })
				r.EndWith([]byte("late"), x.told("4"))
			},
			wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 1||a",
			events: "request; res finish; * 1; * 2; * 4 ERR_STREAM_WRITE_AFTER_END; res error ERR_STREAM_WRITE_AFTER_END; " +
				"* 3 ERR_STREAM_ALREADY_FINISHED; res close; req end; req close",
			whole: true,
		},
		{
			name: "a large write says wait, and one drain says go on",
			handler: func(x *stage, _ request, r response) {
				r.SetHeader("Content-Length", fmt.Sprint(len(big)+3))
				x.mark(fmt.Sprint(r.WriteChunk([]byte(big), x.told("big")), r.WritableNeedDrain()))
				r.OnDrain(func() {
					x.mark(fmt.Sprint(r.WritableNeedDrain(), r.WritableLength()))
					r.EndString("end")
				})
			},
			client: func(c *client) {
				c.pause(true)
				c.send(get("/", ""))
				c.event("* false true")
				c.pause(false)
				c.until("end")
				c.x.mu.Lock()
				c.text = strings.Replace(c.text, big, "<big>", 1)
				c.x.mu.Unlock()
			},
			wire:   "HTTP/1.1 200 OK|Content-Length: 4194307|" + live + "|<big>end",
			events: "request; * false true; res drain; * false 0; * big; res finish; res close; req end; req close",
			whole:  true, // single bytes take their time
		},
		{
			name: "what is written in one turn leaves in one system call",
			handler: func(_ *stage, _ request, r response) {
				r.WriteString("aa")
				r.WriteString("bbb")
				r.EndString("c")
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||2|aa|3|bbb|1|c|0||", events: unread, writes: 1,
		},
		{
			name: "what is written in three turns leaves in three system calls",
			handler: func(x *stage, _ request, r response) {
				r.WriteString("aa")
				x.immediately(func() {
					r.WriteString("bbb")
					x.immediately(func() { r.EndString("c") })
				})
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||2|aa|3|bbb|1|c|0||", events: unread, writes: 3,
		},
		{
			name: "what is corked leaves at the last uncork, together",
			handler: func(x *stage, _ request, r response) {
				r.Cork()
				r.WriteString("aa")
				x.immediately(func() {
					x.mark(fmt.Sprint("corked ", r.WritableCorked(), r.WritableLength() > 2))
					r.Cork()
					r.WriteString("bbb")
					r.Uncork()
					x.immediately(func() {
						r.Uncork()
						x.immediately(func() { r.EndString("c") })
					})
				})
			},
			wire:   "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||2|aa|3|bbb|1|c|0||",
			events: "request; * corked 1 true; res finish; res close; req end; req close", writes: 2,
		},
		{
			name: "End undoes every cork",
			handler: func(_ *stage, _ request, r response) {
				r.Cork()
				r.Cork()
				r.WriteString("aa")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||2|aa|1|b|0||", events: unread, writes: 1,
		},
		{
			name: "a corked response says wait at its mark, and drains when it is uncorked",
			handler: func(x *stage, _ request, r response) {
				r.Cork()
				x.mark(fmt.Sprint(r.WriteChunk([]byte(strings.Repeat("z", 20000)), x.told("z"))))
				r.OnDrain(func() { r.End() })
				x.immediately(func() {
					x.mark("uncork")
					r.Uncork()
				})
			},
			wire:   "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||4e20|" + strings.Repeat("z", 20000) + "|0||",
			events: "request; * false; * uncork; res drain; * z; res finish; res close; req end; req close",
			whole:  true,
		},
		{
			name:    "'finish' means that the kernel has it, whether the client reads or not",
			handler: func(_ *stage, _ request, r response) { r.EndString("small") },
			client: func(c *client) {
				c.pause(true)
				c.send(get("/", ""))
				c.event("res finish")
				c.pause(false)
			},
			wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 5||small", events: unread,
		},
		{
			name: "a write on an answer without a body succeeds, on a tick",
			handler: func(x *stage, _ request, r response) {
				r.StatusCode = 304
				x.mark(fmt.Sprint(r.WriteChunk([]byte("abc"), x.told("abc"))))
				r.EndWith([]byte("d"), x.told("end"))
			},
			wire:   "HTTP/1.1 304 Not Modified|" + live + "|",
			events: "request; * true; * abc; res finish; * end; res close; req end; req close",
		},
		{
			name: "a write and an End on a destroyed response are told so",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.Destroy(nil)
				_, err := r.WriteString("a")
				x.mark("write " + stream.CodeOf(err))
				x.mark(fmt.Sprint(r.WriteChunk([]byte("a"), x.told("a"))))
				r.EndWith([]byte("b"), x.told("end"))
			},
			ends: true,
			events: "request; * write ERR_STREAM_DESTROYED; * false; * a ERR_STREAM_DESTROYED; * end ERR_STREAM_DESTROYED; " +
				"req end; req close; res close",
		},
	})
}

// A handler that writes for as long as it is told to go on would never return if the answer to a HEAD took everything.
func TestTheAnswerToAHEADLetsOthersHaveTheirTurn(t *testing.T) {
	const size = 100 << 10
	served := make(chan int, 1)
	addr := serve(t, httpcore.ServerOptions{}, func(_ *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
		turns, piece := 0, make([]byte, 1<<10)
		more := func() {
			turns++
			for n := 0; n < size; n += len(piece) {
				if !r.WriteOwned(piece, nil) {
					return
				}
			}
			t.Error("a turn wrote everything")
		}
		r.OnDrain(func() {
			if turns < 10 {
				more()
				return
			}
			r.End()
			served <- turns
		})
		more()
	})
	res, err := http.Head("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if turns := <-served; turns != 10 {
		t.Errorf("it took %d turns", turns)
	}
}
