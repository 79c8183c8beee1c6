package rivals

import (
	"context"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/protocol/consts"
)

// serveHertz streams request bodies, which hertz does if asked. Hertz does not tell its port, so one is chosen for it.
func serveHertz(addr, _ string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	at := ln.Addr()
	if err := ln.Close(); err != nil {
		return err
	}
	hlog.SetLevel(hlog.LevelFatal)
	h := server.New(server.WithHostPorts(at.String()), server.WithStreamBody(true), server.WithMaxRequestBodySize(1<<30),
		server.WithDisablePrintRoute(true))
	hertzRoutes(h)
	go announceWhenUp(at)
	return h.Run()
}

func announceWhenUp(at net.Addr) {
	for range 1000 {
		if c, err := net.Dial("tcp", at.String()); err == nil {
			_ = c.Close()
			announce(at)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func hertzRoutes(h *server.Hertz) {
	h.GET("/", func(_ context.Context, c *app.RequestContext) {
		c.SetContentType("text/plain")
		c.Response.SetBodyString(hello)
	})
	h.POST("/echo", func(_ context.Context, c *app.RequestContext) {
		c.SetContentType("application/octet-stream")
		c.SetBodyStream(c.RequestBodyStream(), c.Request.Header.ContentLength())
	})
	h.POST("/upload", func(_ context.Context, c *app.RequestContext) {
		n, err := io.Copy(io.Discard, c.RequestBodyStream())
		if err != nil {
			c.SetStatusCode(consts.StatusBadRequest)
			return
		}
		c.Response.SetBodyString(strconv.FormatInt(n, 10))
	})
	h.GET("/download", func(_ context.Context, c *app.RequestContext) {
		n := hertzQuery(c)
		c.SetContentType("application/octet-stream")
		c.SetBodyStream(&generated{n}, int(n))
	})
	h.GET("/stream", func(_ context.Context, c *app.RequestContext) {
		c.SetContentType("application/octet-stream")
		c.SetBodyStream(&generated{hertzQuery(c)}, -1)
	})
}

func hertzQuery(c *app.RequestContext) int64 {
	n, _ := strconv.ParseInt(c.Query("n"), 10, 64)
	return max(0, n)
}
