package wholesim

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// relay is the proxy's handler, made as examples/proxy is.
func (s *world) relay(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	f := s.fetchOf(req)
	if f == nil {
		res.Destroy(nil)
		return
	}
	up, err := httpcore.NewRequest(req.Loop(), req.Method(), "http://"+originAddress, httpcore.RequestOptions{
		Agent: s.far, Target: req.PathAndQuery(), HighWaterMark: s.mark, Header: upwards(req), HeaderTimeout: 30 * time.Second, BodyTimeout: 30 * time.Second,
	})
	if err != nil {
		f.fail("the proxy's request: %v", err)
		res.Destroy(nil)
		return
	}
	fail := func(err error) {
		switch {
		case res.HeadersSent():
			res.Destroy(err)
			return
		case errors.Is(err, httpcore.ErrResponseTimeout), errors.Is(err, syscall.ETIMEDOUT):
			res.StatusCode = 504
		default:
			res.StatusCode = 502
		}
		s.t.add("relay: " + kindOf(err))
		f.relayed = err
		res.SetHeader("X-Relay", strconv.Itoa(f.id))
		res.EndString(err.Error() + "\n")
	}
	res.OnError(func(error) {}) // what fail cuts it off with
	closes, responses, errs := 0, 0, 0
	up.OnError(func(err error) {
		if errs++; errs > 1 || closes > 0 {
			f.fail("the proxy's request has %d errors, %d closes", errs, closes)
		}
		fail(err)
		up.Destroy(nil)
	})
	up.OnInformation(func(i *httpcore.Information) { res.WriteInformation(i.StatusCode, i.EndToEndHeaders()...) })
	up.OnResponse(func(answer *httpcore.IncomingMessage) {
		responses++
		answer.OnError(func(err error) { fail(err) })
		if !req.Complete() && strings.EqualFold(answer.Header("Connection"), "close") {
			res.SetHeader("Connection", "close") // nobody wants the rest of the request
		}
		if err := res.WriteHead(answer.StatusCode(), answer.EndToEndHeaders()...); err != nil {
			f.fail("the proxy's head: %v", err)
			answer.Destroy(err)
			return
		}
		s.watch(answer, func() {
			if n := res.WritableLength(); n > s.mark+2*readMost {
				f.fail("%d bytes wait in the proxy for the client", n)
			}
		})
		answer.OnEnd(func() { copyTrailers(answer, res) })
		answer.Pipe(res)
	})
	s.watch(req, func() {
		if n := up.WritableLength(); n > s.mark+2*readMost {
			f.fail("%d bytes wait in the proxy for the server", n)
		}
	})
	req.OnEnd(func() { copyTrailers(req, up) })
	req.Pipe(up)
	up.OnClose(func() {
		if closes++; closes > 1 || responses+errs == 0 {
			f.fail("the proxy's request: %d closes, %d responses, %d errors", closes, responses, errs)
		}
		req.Resume() // what the server did not want is thrown away
	})
	req.OnAborted(func() { up.Destroy(nil) }) // and what it still waits for does not come
	res.OnClose(func() {
		if !res.WritableFinished() {
			up.Destroy(nil) // the client has gone: nobody waits for the answer
		}
	})
}

// watch calls fn for each piece of m's body that the proxy sees: all, or those of a moment.
func (s *world) watch(m *httpcore.IncomingMessage, fn func()) {
	look := func() stream.Sub { return m.OnData(func([]byte) { fn() }) }
	switch {
	case !s.unseen:
		look()
	case s.chance(0.3):
		s.after(m.Loop(), 5*time.Millisecond, func() {
			sub := look()
			s.after(m.Loop(), 5*time.Millisecond, func() { sub.Off() })
		})
	}
}

// upwards are the fields of the request that goes up.
func upwards(req *httpcore.IncomingMessage) []string {
	list := []string{"Host", req.Host()}
	for name, value := range req.EachEndToEndHeader {
		if !strings.EqualFold(name, "host") {
			list = append(list, name, value)
		}
	}
	return append(list, "X-Forwarded-For", req.RemoteAddr().Addr().String())
}

// copyTrailers hands on what came behind a body. A message that is not chunked has no place for it.
func copyTrailers(from *httpcore.IncomingMessage, to interface {
	AddTrailer(name, value string) error
},
) {
	all := from.RawTrailers()
	for i := 0; i < len(all); i += 2 {
		to.AddTrailer(all[i], all[i+1])
	}
}
