package httpcore_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

func TestAContextEndsWithItsExchange(t *testing.T) {
	contexts := make(chan context.Context, 1)
	addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		contexts <- req.Context()
		res.EndString("done")
	})
	res, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	ctx := <-contexts
	<-ctx.Done() // the connection is kept, and the client has not gone
	if cause := context.Cause(ctx); cause != context.Canceled {
		t.Errorf("got %v, want context.Canceled: nothing has gone wrong", cause)
	}
}
