// Package httpcore is HTTP/1.1 on weir's loops, a server and a client, with Node's message objects: what is received is a
// readable stream, what is sent a writable one, and backpressure runs through both. A handler that does not read its request
// stops the socket that feeds it; a client that does not read its answer has the handler's writes say so.
//
//	srv := httpcore.NewServer(httpcore.ServerOptions{})
//	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
//		res.SetHeader("Content-Type", "application/octet-stream")
//		req.Pipe(res) // at the pace of the slower one
//	})
//	g, err := loop.NewGroup(loop.GroupOptions{})
//	addr, err := srv.Listen(g, "tcp", "127.0.0.1:8080")
//	err = g.Run()
//
// A ClientRequest is the other way round, over connections that an Agent keeps:
//
//	req, err := httpcore.NewRequest(l, "POST", "http://127.0.0.1:8080/echo", httpcore.RequestOptions{})
//	req.OnResponse(func(res *httpcore.IncomingMessage) { res.Pipe(dst) })
//	req.OnError(func(err error) { log.Print(err) })
//	src.Pipe(req)
//
// So a proxy is two pipes. A Client gives whole answers to those who want them whole, on the loop or on another goroutine.
//
// # Rules
//
//   - A handler runs on its connection's loop and must not block: what blocks goes to Loop.QueueWork, or runs as a net/http
//     handler (package stdhttp). Everything here belongs to the loop's goroutine, but for what says otherwise.
//   - Every response is ended by somebody: with End, or with Destroy, which takes its connection along. It may happen long
//     after the handler has returned. Nothing else ends it but the client's going and, if it is asked to, SetTimeout.
//   - A request that nobody reads costs its mark and one read; what is left of it when it is answered is thrown away, up to
//     a bound.
//   - WriteChunk answers false when the client does not take what it is sent; OnDrain says when to go on. Pipe and Pipeline
//     do that by themselves.
//   - OnClose is the last event of every message, once, whatever has happened; an error comes before it. A message cut off is
//     an error, never a short body. Messages are not used again, so one may be kept.
//   - Bytes are owned as in package stream: what a callback is given lasts for the turn, what Write is given may be used
//     again at once.
//
// # Limits
//
// Whatever a peer can make this side hold, wait for or do has a bound with a default: see ServerOptions, RequestOptions,
// AgentOptions and h1.Limits. A duration that is 0 is its default, and negative none; a count that is 0 is its default, or no
// limit where it says so. MemoryBound adds up what they come to in bytes.
//
// # Where to go next
//
// Package static serves files, stdhttp is the bridge from and to net/http, weirtest tests handlers against a simulated network, and
// h1 is the parser alone. In the repository, docs/server.md and docs/client.md say what becomes of a connection, which limits there
// are, and where this differs from Node; docs/timeouts.md has all clocks, and docs/migrating.md the names in Node and net/http.
package httpcore
