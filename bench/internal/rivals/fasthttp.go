package rivals

import (
	"io"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"
)

// serveFastHTTP has request bodies streamed, which fasthttp does if asked.
func serveFastHTTP(addr, _ string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	announce(ln.Addr())
	s := &fasthttp.Server{Handler: fastRoutes, StreamRequestBody: true, MaxRequestBodySize: 1 << 40}
	return s.Serve(ln)
}

func fastRoutes(ctx *fasthttp.RequestCtx) {
	switch path := string(ctx.Path()); {
	case path == "/":
		ctx.SetContentType("text/plain")
		ctx.SetBodyString(hello)
	case path == "/echo" && ctx.IsPost():
		ctx.SetContentType("application/octet-stream")
		ctx.SetBodyStream(fastBody(ctx), ctx.Request.Header.ContentLength())
	case path == "/upload" && ctx.IsPost():
		n, err := io.Copy(io.Discard, fastBody(ctx))
		if err != nil {
			ctx.SetStatusCode(fasthttp.StatusBadRequest)
			return
		}
		ctx.SetBodyString(strconv.FormatInt(n, 10))
	case path == "/download":
		n := fastQuery(ctx)
		ctx.SetContentType("application/octet-stream")
		ctx.SetBodyStream(&generated{n}, int(n))
	case path == "/stream":
		ctx.SetContentType("application/octet-stream")
		ctx.SetBodyStream(&generated{fastQuery(ctx)}, -1)
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
}

// fastBody is the request's body; fasthttp has no stream for an empty one.
func fastBody(ctx *fasthttp.RequestCtx) io.Reader {
	if r := ctx.RequestBodyStream(); r != nil {
		return r
	}
	return &generated{}
}

func fastQuery(ctx *fasthttp.RequestCtx) int64 {
	n, _ := strconv.ParseInt(string(ctx.QueryArgs().Peek("n")), 10, 64)
	return max(0, n)
}
