package stdhttp

import (
	"log"
	"net/http"

	"github.com/weir-go/weir/httpcore"
)

// Options say how handlers are run. The zero value is good.
type Options struct {
	// MaxHandlers is how many handlers run at the same time, over all loops, each on a goroutine. Default 1000.
	MaxHandlers int
	// MaxQueued is how many requests wait for one of those, first come, first served; more are answered with 503 at once.
	// Default 1000; a negative value is none.
	MaxQueued int
	// Server is what a handler finds in its request's context under http.ServerContextKey. Handlers ask for it to see whether
	// they run under a server: ReverseProxy aborts an answer that breaks off only then. It is not run and not changed;
	// its DisableGeneralOptionsHandler has "OPTIONS *" reach the handler. Default: one that has the handler.
	Server *http.Server
	// ErrorLog is told what handlers do wrong that no error can tell them, such as a second WriteHeader. Default: the
	// standard logger. Any goroutine calls it.
	ErrorLog *log.Logger
}

const (
	defaultMaxHandlers = 1000
	defaultMaxQueued   = 1000
)

// handler is what Handle has made, for the requests of all loops.
type handler struct {
	h      http.Handler
	server *http.Server
	log    *log.Logger
	pool   pool
}

// Handle returns h as a function for Server.OnRequest, and for Server.OnCheckContinue: then a client that waits for a 100
// is sent it when h first reads the body. A nil h is http.DefaultServeMux.
//
// The function may also be called by a handler of OnRequest, for some requests only, before anything was done with the
// request or the response. It belongs to the loop's goroutine, and several loops may share it.
//
// A panic of h is told to the loop's Uncaught as a *PanicError, but for http.ErrAbortHandler; both end the connection.
func Handle(h http.Handler, o Options) func(*httpcore.IncomingMessage, *httpcore.ServerResponse) {
	if h == nil {
		h = http.DefaultServeMux
	}
	x := &handler{h: h, server: o.Server, log: o.ErrorLog}
	if x.server == nil {
		x.server = &http.Server{Handler: h}
	}
	x.pool.most, x.pool.mostQueued = o.MaxHandlers, o.MaxQueued
	if x.pool.most <= 0 {
		x.pool.most = defaultMaxHandlers
	}
	if x.pool.mostQueued == 0 {
		x.pool.mostQueued = defaultMaxQueued
	}
	return x.handle
}

// handle is called on the loop.
func (h *handler) handle(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	x := newExchange(h, req, res)
	if n := req.ContentLength(); n <= 0 || n > maxEarly {
		h.submit(x)
		return
	}
	x.l.NextTick(func() { // when what came with the head has been parsed
		x.body.takeEarly()
		h.submit(x)
	})
}

// submit has x served, or refuses it, on the loop.
func (h *handler) submit(x *exchange) {
	if h.pool.submit(x) {
		return
	}
	res := x.res
	res.StatusCode = http.StatusServiceUnavailable
	res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	res.SetHeader("Retry-After", "1")
	res.EndString("too many requests are under way\n")
}

func (h *handler) logf(format string, args ...any) {
	if h.log != nil {
		h.log.Printf("stdhttp: "+format, args...)
	} else {
		log.Printf("stdhttp: "+format, args...)
	}
}
