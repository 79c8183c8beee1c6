package httpcore

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/weir-go/weir/stream"
)

const upgradeHead = "GET /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n"

func TestAHandlerMaySwitchProtocolsAtOnceOrLater(t *testing.T) {
	for _, later := range []bool{false, true} {
		over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			switches := func() {
				err := res.SwitchProtocols(func(s *stream.Socket, head []byte) {
					s.Write(head)
					s.Pipe(s)
				}, "X-A", "b")
				if err != nil {
					t.Error(err)
				}
				if err := res.SwitchProtocols(func(*stream.Socket, []byte) {}); !errors.Is(err, ErrHeadersSent) {
					t.Errorf("a second time: got %v", err)
				}
			}
			if later {
				req.Loop().NextTick(func() { req.Loop().Post(switches) })
			} else {
				switches()
			}
		}, func(k *talk) {
			c := k.dial()
			if _, err := io.WriteString(c, upgradeHead+"first"); err != nil {
				t.Fatal(err)
			}
			want := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nX-A: b\r\nUpgrade: foo\r\n\r\nfirst"
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
				t.Fatalf("got %q, %v", got, err)
			}
			if _, err := io.WriteString(c, "second"); err != nil {
				t.Fatal(err)
			}
			c.CloseWrite()
			if rest, err := io.ReadAll(c); err != nil || string(rest) != "second" {
				t.Errorf("got %q, %v behind the 101", rest, err)
			}
			c.Close()
		})
	}
}

func TestARequestForAnUpgradeMayBeAnsweredOtherwise(t *testing.T) {
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		err := res.SwitchProtocols(func(*stream.Socket, []byte) { t.Error("switched") }, "X", "a\nb")
		want := ErrNoSwitch
		if req.HasHeader("Upgrade") && !strings.HasPrefix(req.URL(), "/second") {
			want = ErrInvalidValue
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", req.URL(), err, want)
		}
		req.Loop().Post(func() { res.EndString(req.URL()) })
	}, func(k *talk) {
		c := k.dial()
		get := "GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		if _, err := io.WriteString(c, strings.Repeat(upgradeHead, 3)+get); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c)
		if err != nil || strings.Count(string(all), "HTTP/1.1 200 OK") != 4 || !strings.HasSuffix(string(all), "\r\n\r\n/after") {
			t.Errorf("got %q, %v; want four answers", all, err)
		}
		c.Close()
	})
}
