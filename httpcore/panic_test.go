package httpcore_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

func TestAPanicInAHandlerResetsItsConnectionAndNoOther(t *testing.T) {
	addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if req.Path() == "/panic" {
			panic("as asked")
		}
		res.EndString("fine")
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 3 {
		if res, err := client.Get("http://" + addr + "/panic"); err == nil {
			t.Errorf("got %s, want an error", res.Status)
		}
		res, err := client.Get("http://" + addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); string(b) != "fine" || err != nil {
			t.Errorf("got %q, %v", b, err)
		}
	}
}
