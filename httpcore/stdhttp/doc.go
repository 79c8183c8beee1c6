// Package stdhttp is where net/http meets httpcore. Handle runs a net/http Handler on a Server, so that what is written for
// net/http, such as FileServer, ReverseProxy and all kinds of muxes, can be mounted beside handlers that live on the loop.
// Transport is an http.RoundTripper on httpcore's client, for http.Client, ReverseProxy and SDKs.
//
// # Handlers
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
// # Backpressure of handlers
//
// A Read of the body asks the loop for what has arrived, or waits. A handler that does not read stops the socket: the request
// holds its mark and one read, no more. A Write waits while the client has not taken what was written before: the response
// holds its mark and some 100 KiB. An answer of up to 4 KiB is kept until the handler returns, and then head, body and end go to
// the loop at once.
//
// # What handlers have as in net/http
//
// Everything that a handler sees of a Request and a ResponseWriter: implicit statuses, Content-Type by content, Content-Length
// when the whole body is known, HEAD, 204 and 304, informational responses, trailers both ways, the errors of Write,
// ErrAbortHandler, ResponseController. A body that is longer than its Content-Length is http.ErrContentLength; one that is
// shorter, or any panic, takes the connection with it, so that an answer that is not complete never looks as if it were.
//
// # What they have not
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
// # Transport
//
//	client := &http.Client{Transport: stdhttp.NewTransport(group.Next, stdhttp.TransportOptions{})}
//	res, err := client.Get("http://127.0.0.1:8080/")
//
// The goroutine that calls RoundTrip makes a request of what it is given, hands it to a loop with one post, and waits. An answer that
// comes with its head in one read, up to the mark, needs nothing more of the loop. What comes later the loop lays into a
// buffer, which holds the mark and one read; when that is full it stops the socket, and goes on when half is read.
//
// A body in memory of up to 16 KiB that has a GetBody, as http.NewRequest gives to a bytes.Reader, goes with the post, and is sent once more if
// the connection turns out to be gone and the method is idempotent. Any other has a goroutine that reads it, 32 KiB a time, and waits
// while the server does not take what was written. Behind an Expect field it is not read before the server has asked for it, or
// RequestOptions.ContinueTimeout is over.
//
// A caller sees what it sees with net/http's Transport: statuses, fields, lengths, trailers, 1xx by httptrace, a 101 whose body
// is an io.ReadWriteCloser with a CloseWrite, errors by errors.Is. What differs:
//
//   - There is no TLS, HTTP/2 or proxy from the environment. An https URL is httpcore.ErrInvalidProtocol.
//   - CONNECT, and a Transfer-Encoding but chunked, are errors that are errors.ErrUnsupported. Request.Cancel is not looked at.
//   - No Accept-Encoding is added, and nothing is decompressed.
//   - A request without a User-Agent has "weir", and there is a Connection field. A name in Unicode has to be written in Punycode.
//   - What comes is parsed strictly. A second try needs what is said above: an Idempotency-Key is no reason for one.
//   - When an answer has been read to its end, or closed, what is left of the request's body is not sent, and the connection ends.
//   - Of an httptrace.ClientTrace, GetConn, GotConn (without the Conn), Got100Continue, Got1xxResponse, Wait100Continue, WroteRequest
//     and GotFirstResponseByte are called, until RoundTrip returns, on the goroutine that has called that.
//   - A user in the URL is sent by RoundTrip itself, not only by http.Client.
//   - A context does not end a connection that has switched its protocol.
//
// # Goroutines
//
// The function that Handle returns is called on a loop's goroutine, by the Server; the handler runs on others. The loops
// must run until the handlers have returned, for which Server.Shutdown waits: a handler that waits for a loop that was
// stopped waits for ever.
//
// RoundTrip and the bodies that it returns are for any goroutine but a loop's. A request has a goroutine of its own only while its
// body is read.
package stdhttp
