// Package httpcore is an HTTP/1.1 server on weir's loops, with Node's message objects: a request is a readable stream, a
// response a writable one, and backpressure runs through both. A handler that does not read its request stops the socket that
// feeds it; a client that does not read its answer has the handler's writes say so.
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
// Everything here belongs to the loop's goroutine, but for what says otherwise.
package httpcore
