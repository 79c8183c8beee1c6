package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// clash is where a trace begins to differ from what is recorded.
type clash struct {
	v         *vector
	got, want end
	begin     int   // where the message begins
	off       int   // where who is stricter finds the error, or -1 if that is not known
	head      *head // of the message
	before    *head // of the message before
	ours      message
	theirs    message
}

const (
	token  = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	quoted = `"([^"\\]|\\.)*"`
	value  = `([ \t]*=[ \t]*(` + token + `|` + quoted + `))?`
	hosts  = `(\[[0-9A-Za-z\-._~!$&'()*+,;=:%]+\]|([0-9A-Za-z\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)`
)

var (
	requestLines = regexp.MustCompile(`^` + token + ` [^ ]+ HTTP/1\.[0-9]$`)
	begunLines   = regexp.MustCompile(`^` + token + `( [^ ]*( [A-Z/0-9.]*)?)?$`)
	minors       = regexp.MustCompile(`^HTTP/1\.[2-9]$`)
	otherMajors  = regexp.MustCompile(`^HTTP/[02-9]`)
	authorities  = regexp.MustCompile(`^` + hosts + `(:[0-9]*)?$`)
	ports        = regexp.MustCompile(`^` + hosts + `:[0-9]+$`)
	schemes      = regexp.MustCompile(`^[A-Za-z]+[0-9+\-.][0-9A-Za-z+\-.]*://`)
	interims     = regexp.MustCompile(`^1(0[02-9]|[1-9][0-9])`)
	numbers      = regexp.MustCompile(`^[0-9A-Fa-f]+`)
	lengths      = regexp.MustCompile(`^(?i:content-length):[ \t]*[0-9]+[ \t]*$`)
	framings     = regexp.MustCompile(`^(?i:content-length|transfer-encoding):`)
	extensions   = regexp.MustCompile(`^[0-9A-Fa-f]+([ \t]*;[ \t]*` + token + value + `)+$`)
	blanks       = regexp.MustCompile(`[ \t][;=]|[;=][ \t]`)
)

func (c *clash) request() bool { return c.v.kind == h1.Request }

func (c *clash) response() bool { return c.v.kind == h1.Response }

// byte is the one at the error; 0 is none.
func (c *clash) byte() byte {
	if c.off < len(c.v.input) {
		return c.v.input[c.off]
	}
	return 0
}

// control reports whether the byte at the error is one that no text has.
func (c *clash) control() bool { return c.byte() < ' ' && c.byte() != '\t' || c.byte() == 0x7f }

// line is the line that the error is in.
func (c *clash) line() string {
	in := string(c.v.input)
	off := min(c.off, len(in))
	from := strings.LastIndexByte(in[:off], '\n') + 1
	line, _, _ := strings.Cut(in[from:], "\r\n")
	return line
}

func (c *clash) inStart() bool { return c.off <= c.begin+len(c.head.start) }

func (c *clash) inHead() bool { return c.off < c.begin+c.head.size+len("\r\n\r\n") }

// framed reports whether the head says that there is a body.
func (c *clash) framed() bool {
	return len(c.head.values("content-length"))+len(c.head.values("transfer-encoding")) > 0
}

// sameHeads reports whether the messages differ behind their heads only.
func (c *clash) sameHeads() bool {
	g, w := c.ours.index("headers_complete")+1, c.theirs.index("headers_complete")+1
	return g > 0 && w > 0 && firstDifference(c.ours[:g], c.theirs[:w]) == ""
}

func (c *clash) badURL() bool { return c.request() && c.inStart() && c.got.code == "INVALID_URL" }

func (c *clash) badCoding() bool { return c.inHead() && c.got.code == "INVALID_TRANSFER_ENCODING" }

// persists reports whether the Parser says that another message may follow.
func (c *clash) persists() bool {
	i := c.ours.index("headers_complete")
	return i >= 0 && c.ours[i].facts["keepalive"] == "true"
}

// stops reports whether the recorded parser stops behind the head for an upgrade.
func (c *clash) stops() bool {
	return c.want.stop == upgraded && c.want.off == c.begin+c.head.size+len("\r\n\r\n")
}

// wants reports whether what is recorded is one of these errors, if that is known.
func (c *clash) wants(codes ...string) bool { return c.v.only || slices.Contains(codes, c.want.code) }
