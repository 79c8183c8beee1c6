// Package stdhttp runs a net/http Handler on an httpcore Server, so that what is written for net/http, such as FileServer,
// ReverseProxy and all kinds of muxes, can be mounted beside handlers that live on the loop.
//
//	srv := httpcore.NewServer(httpcore.ServerOptions{})
//	h := stdhttp.Handle(http.FileServer(http.Dir("public")), stdhttp.Options{})
//	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
//		if strings.HasPrefix(req.Path(), "/files/") {
//			h(req, res) // or srv.OnRequest(h), for all of them
//			return
//		}
//		req.Pipe(res)
//	})
//	srv.OnCheckContinue(h) // if the 100 shall wait until the handler reads the body
//
// A net/http handler blocks, so it runs on a goroutine of its own while its request is under way. There are at most
// Options.MaxHandlers of them; requests beyond that wait, and beyond Options.MaxQueued they are answered with 503. An idle
// connection has no goroutine.
//
// # Backpressure
//
// A Read of the body asks the loop for what has arrived, or waits. A handler that does not read stops the socket: the request
// holds its mark and one read, no more. A Write waits while the client has not taken what was written before: the response
// holds its mark and some 100 KiB. An answer of up to 4 KiB is kept until the handler returns, and then head, body and end go to
// the loop at once.
//
// # What is as in net/http
//
// Everything that a handler sees of a Request and a ResponseWriter: implicit statuses, Content-Type by content, Content-Length
// when the whole body is known, HEAD, 204 and 304, informational responses, trailers both ways, the errors of Write,
// ErrAbortHandler, ResponseController. A body that is longer than its Content-Length is http.ErrContentLength; one that is
// shorter, or any panic, takes the connection with it, so that an answer that is not complete never looks as if it were.
//
// # What is not
//
//   - Hijack returns an error that is errors.ErrUnsupported; Server.OnUpgrade is for that. There is no HTTP/2, no Pusher
//     and no CloseNotifier.
//   - Every exchange is full duplex: an answer may begin before the request has been read.
//   - The deadlines of a ResponseController come on top of those of ServerOptions: they can only be shorter.
//   - What of a body is left when the handler returns is thrown away while the answer leaves. If more than 256 KiB are known to
//     be left, the answer says that the connection ends. http.MaxBytesReader cannot ask for that: net/http's way is private.
//   - http.ServerContextKey gives Options.Server, which does not run.
//   - The head has httpcore's Connection and Keep-Alive fields, and up to 4 KiB of body instead of 2 KiB have a length.
//
// # Goroutines
//
// The function that Handle returns is called on a loop's goroutine, by the Server; the handler runs on others. The loops
// must run until the handlers have returned, for which Server.Shutdown waits: a handler that waits for a loop that was
// stopped waits for ever.
package stdhttp
