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
// Everything here belongs to the loop's goroutine, but for what says otherwise. docs/server.md and docs/client.md in the
// repository say what becomes of a connection, which limits there are, and where this differs from Node.
package httpcore
