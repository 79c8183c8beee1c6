package httpcore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/stream"
)

func TestInterimResponsesOfAnyStatusAreTold(t *testing.T) {
	over(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		var told []string
		tell := func(what string) func(error) {
			return func(err error) { told = append(told, what+" "+stream.CodeOf(err)) }
		}
		for _, err := range []error{
			res.WriteInformationWith(100, nil, tell("100")),
			res.WriteInformationWith(100, nil, tell("again")),
			res.WriteInformationWith(110, []string{"X-A", " b ", "Content-Length", "3", "x-a", "c"}, tell("110")),
			res.WriteInformation(199),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		for _, status := range []int{99, 101, 200, -1} {
			if err := res.WriteInformationWith(status, nil, tell("never")); !errors.Is(err, ErrInvalidStatus) {
				t.Errorf("%d: %v", status, err)
			}
		}
		if err := res.WriteInformationWith(103, []string{"a", "b\n"}, tell("never")); !errors.Is(err, ErrInvalidValue) {
			t.Error(err)
		}
		res.OnFinish(func() {
			if got, want := strings.Join(told, "; "), "100 ; again ; 110 "; got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
		res.EndString("fine")
		if err := res.WriteInformationWith(102, nil, tell("never")); !errors.Is(err, ErrHeadersSent) {
			t.Error(err)
		}
		res.WriteContinue()
		res.WriteProcessing()
	}, func(k *talk) {
		c := k.dial()
		k.send(c, get("/"))
		a := k.answers(c)
		for _, want := range []string{
			"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 110 unknown\r\nX-A: b\r\nx-a: c\r\n\r\n", "HTTP/1.1 199 unknown\r\n\r\n",
		} {
			got := make([]byte, len(want))
			for i := range got {
				got[i], _ = a.r.ReadByte() // the end is a byte like no other
			}
			if string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		a.want(200, "fine")
		c.Close()
	})
}

func TestAnInterimResponseThatIsNotSentIsTold(t *testing.T) {
	var told []string
	var kept *ServerResponse
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		tell := func(err error) { told = append(told, fmt.Sprint(req.URL(), " ", err)) }
		if err := res.WriteInformationWith(102, nil, tell); err != nil {
			t.Error(err)
		}
		kept = res
	})
	old := k.dial()
	k.send(old, "GET /old HTTP/1.0\r\n\r\n")
	k.open(old, "HTTP/1.0", "")
	kept.End()
	k.run()
	k.ended(old, "HTTP/1.0", "HTTP/1.1 200 ")

	p := k.dial()
	k.send(p, get("/first")+get("/lost"))
	p.Reset()
	k.run()
	if err := kept.WriteInformationWith(102, nil, func(err error) { told = append(told, fmt.Sprint("late ", err)) }); err != nil {
		t.Error(err)
	}
	k.run()
	if len(told) != 4 || told[0] != "/old <nil>" || told[1] != "/first <nil>" || !strings.HasPrefix(told[2], "/lost reactor: ") ||
		told[3] != "late "+stream.ErrDestroyed.Error() {
		t.Errorf("told %q", told)
	}
}
