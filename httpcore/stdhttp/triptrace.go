package stdhttp

import (
	"net/http/httptrace"
	"net/textproto"

	"github.com/weir-go/weir/httpcore"
)

// What an httptrace.ClientTrace is told. Its functions may block, so the goroutine that waits for the answer calls them.

// tracing looks for a trace, before the loop has the trip.
func (x *trip) tracing() {
	t := httptrace.ContextClientTrace(x.r.Context())
	if x.trace = t != nil; x.trace && t.GetConn != nil {
		t.GetConn(hostPort(x.r.URL.Host, x.r.URL.Port()))
	}
}

func hostPort(host, port string) string {
	if port == "" {
		return host + ":80"
	}
	return host
}

// watch has the loop tell of what the trace wants to know.
func (x *trip) watch() {
	t, out := httptrace.ContextClientTrace(x.r.Context()), x.out
	on := func(fn func()) {
		x.tell(news{on: func() error {
			fn()
			return nil
		}})
	}
	if t.GotConn != nil {
		out.OnSocket(func() {
			reused := out.ReusedSocket()
			on(func() { t.GotConn(httptrace.GotConnInfo{Reused: reused}) })
		})
	}
	if t.WroteRequest != nil {
		out.OnFinish(func() { on(func() { t.WroteRequest(httptrace.WroteRequestInfo{}) }) })
	}
	if t.Wait100Continue != nil && x.send == sendStream && has(out.Header("Expect"), "100-continue") {
		out.OnSocket(func() { on(t.Wait100Continue) })
	}
	if t.GotFirstResponseByte != nil || t.Got100Continue != nil {
		out.OnInformation(func(i *httpcore.Information) {
			x.firstByte(t, on)
			if i.StatusCode == 100 && t.Got100Continue != nil {
				on(t.Got100Continue)
			}
		})
		out.OnResponse(func(*httpcore.IncomingMessage) { x.firstByte(t, on) })
	}
	if t.Got1xxResponse != nil {
		out.OnInformation(func(i *httpcore.Information) {
			x.tell(news{on: func() error {
				h := textproto.MIMEHeader{}
				list := i.RawHeaders()
				for k := 0; k+1 < len(list); k += 2 {
					h.Add(list[k], list[k+1])
				}
				return t.Got1xxResponse(i.StatusCode, h)
			}})
		})
	}
}

// firstByte tells of the beginning of the first response, interim or not.
func (x *trip) firstByte(t *httptrace.ClientTrace, on func(func())) {
	if !x.heard && t.GotFirstResponseByte != nil {
		x.heard = true
		on(t.GotFirstResponseByte)
	}
}
