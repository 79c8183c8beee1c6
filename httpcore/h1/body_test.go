package h1

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestASkippedBodyIsFollowedByTheNextMessage(t *testing.T) {
	const post, next = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, c := range []struct {
		name string
		feed []string // a piece of nothing is a piece
		skip []uint64 // behind the head, then behind each piece
		want string
	}{
		{"all of it", []string{post, ""}, []uint64{10}, "head end"},
		{"all of it, and more has come", []string{post, next}, []uint64{10}, "head end head end"},
		{"the rest", []string{post + "abc", "", next}, []uint64{7}, "head body end head end"},
		{"the beginning", []string{post, "hij" + next}, []uint64{7}, "head body end head end"},
		{"the middle, twice", []string{post + "abc", "f", "hij" + next}, []uint64{2, 1}, "head body body body end head end"},
		{"nothing", []string{post, "abcdefghij"}, []uint64{0}, "head body end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Parser
			var got []string
			p.Reset(Request, on{func(callback string) {
				if short := map[string]string{"OnHeadersComplete": "head", "OnBody": "body", "OnMessageComplete": "end"}[callback]; short != "" {
					got = append(got, short)
				}
			}}, nil)
			for i, piece := range c.feed {
				if n, err := p.Execute([]byte(piece)); n != len(piece) || err != nil {
					t.Fatalf("Execute(%q) gives %d, %v", piece, n, err)
				}
				if i < len(c.skip) {
					before := p.BodyLeft()
					p.SkipBody(c.skip[i])
					if n := p.BodyLeft(); before-n != c.skip[i] && n != 0 {
						t.Errorf("behind %d bytes of %d there are %d", c.skip[i], before, n)
					}
				}
			}
			if !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if p.BodyLeft() != 0 || !p.Between() {
				t.Errorf("%d bytes are left; between messages: %t", p.BodyLeft(), p.Between())
			}
		})
	}
}

func TestSkippedBytesCountInWhereAnErrorIs(t *testing.T) {
	var p Parser
	p.Reset(Request, Nop{}, nil)
	const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
	p.Execute([]byte(head))
	p.SkipBody(1000)
	_, err := p.Execute([]byte("GET / HTTP/2\r\n"))
	var e *Error
	if !errors.As(err, &e) || e.Offset != uint64(len(head))+1000+11 {
		t.Errorf("got %+v", e)
	}
}

func TestOnlyWhatIsLeftOfABodyCanBeSkipped(t *testing.T) {
	var p Parser
	for _, c := range []struct {
		in   string
		left uint64
	}{
		{"", 0},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n", 0},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", 7},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0},
	} {
		p.Reset(Request, Nop{}, nil)
		p.Execute([]byte(c.in))
		if n := p.BodyLeft(); n != c.left {
			t.Errorf("%q: %d bytes are left, want %d", c.in, n, c.left)
		}
		mustPanic(t, "SkipBody behind the end of a body", func() { p.SkipBody(c.left + 1) })
	}
	p.Reset(Request, on{func(callback string) {
		if callback == "OnBody" {
			mustPanic(t, "SkipBody inside a callback", func() { p.SkipBody(0) })
		}
	}}, nil)
	p.Execute([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"))
}
