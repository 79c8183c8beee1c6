package main

import (
	"slices"
	"strconv"
	"strings"
)

// refusals are why the Parser refuses what is recorded as accepted.
var refusals = []deviation{
	{
		how: stricter,
		why: "RFC 9112 section 2.3: the protocol's name is HTTP",
		holds: func(c *clash) bool {
			return c.got.code == "INVALID_CONSTANT" && c.head.protocol != "" &&
				!strings.HasPrefix(c.head.protocol, "HTTP/")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3: a request line has a version, since HTTP/0.9 is gone",
		holds: func(c *clash) bool {
			return c.request() && c.head.protocol == "" && c.off == c.begin+len(c.head.start) && c.got.status == 400
		},
	},
	{
		how: stricter,
		why: "RFC 9110 section 2.5: no major version but 1 is implemented",
		holds: func(c *clash) bool {
			return c.got.code == "INVALID_VERSION" && otherMajors.MatchString(c.head.protocol) &&
				(c.response() || c.got.status == 505)
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3: one space stands between the parts of a request line",
		holds: func(c *clash) bool {
			return c.request() && c.inStart() && strings.Contains(c.head.start, "  ")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 2.2: a line ends with CR LF",
		holds: func(c *clash) bool {
			cr := c.off > 0 && c.v.input[c.off-1] == '\r'
			return c.inHead() && (c.byte() == '\n') != cr && (!cr || c.got.code == "LF_EXPECTED")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 2.2: an empty line may stand before a request line, but not before a status line",
		holds: func(c *clash) bool {
			return c.response() && c.off == c.begin && c.byte() == '\r'
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 2.2: one empty line may stand before a request line",
		holds: func(c *clash) bool {
			return c.request() && c.off == c.begin && c.byte() == '\r' &&
				strings.HasSuffix(string(c.v.input[:c.off]), "\r\n\r\n")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3.2: a request-target has no fragment",
		holds: func(c *clash) bool {
			return c.request() && c.inStart() && c.byte() == '#'
		},
	},
	{
		how: stricter,
		why: "RFC 9110 section 4.2.4: user information in a target is an error",
		holds: func(c *clash) bool {
			a, ok := c.head.authority()
			return c.badURL() && ok && strings.Contains(a, "@")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3.2.2, RFC 3986 section 3.2: an authority is a host, and a port of digits",
		holds: func(c *clash) bool {
			a, ok := c.head.authority()
			return c.badURL() && ok && c.head.method != "CONNECT" &&
				!strings.Contains(a, "@") && !authorities.MatchString(a)
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3.2.4: the target * is for OPTIONS",
		holds: func(c *clash) bool {
			return c.badURL() && c.head.target == "*" && c.head.method != "OPTIONS"
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3.2.3: the target of a CONNECT is a host and a port",
		holds: func(c *clash) bool {
			return c.badURL() && c.head.method == "CONNECT" && !ports.MatchString(c.head.target)
		},
	},
	{
		how: stricter,
		why: "RFC 9113 section 3.4: the method PRI is reserved for HTTP/2",
		holds: func(c *clash) bool {
			return c.request() && c.head.method == "PRI" && c.off <= c.begin+18
		},
	},
	{
		how: stricter,
		why: "RFC 9110 section 15: a status is from 100 on",
		holds: func(c *clash) bool {
			return c.got.code == "INVALID_STATUS" && strings.HasPrefix(c.head.status, "0")
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 4: a reason phrase has no control bytes",
		holds: func(c *clash) bool {
			return c.got.code == "INVALID_STATUS" && c.inStart() && c.control()
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 3.2: a request has one Host, which names a host",
		holds: func(c *clash) bool {
			hosts := c.head.values("host")
			return c.got.code == "INVALID_HOST" &&
				(len(hosts) > 1 || len(hosts) == 1 && hosts[0] != "" && !authorities.MatchString(hosts[0]))
		},
	},
	{
		how: stricter,
		why: "RFC 9112 sections 6.1 and 7: no transfer coding but chunked is understood",
		holds: func(c *clash) bool {
			l := c.head.list("transfer-encoding")
			return c.badCoding() && len(l) > 0 && !slices.Equal(l, []string{"chunked"}) &&
				(c.response() || l[0] == "chunked" || c.got.status == 501)
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing",
		holds: func(c *clash) bool {
			return c.badCoding() && c.head.protocol == "HTTP/1.0" && len(c.head.values("transfer-encoding")) > 0
		},
	},
	{
		how: stricter,
		why: "RFC 9110 section 8.6, RFC 9112 section 7.1: a length that is too large is refused before it overflows",
		holds: func(c *clash) bool {
			digits := c.line()
			base := 16
			if l := c.head.values("content-length"); c.inHead() && len(l) > 0 {
				digits, base = l[0], 10
			}
			n, err := strconv.ParseUint(numbers.FindString(digits), base, 63)
			return (c.got.code == "INVALID_CONTENT_LENGTH" || c.got.code == "INVALID_CHUNK_SIZE") && err != nil && n > 0
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 7.1: a chunk's size has 16 digits at most, so that a line of zeros ends",
		holds: func(c *clash) bool {
			return c.got.code == "INVALID_CHUNK_SIZE" && !c.inHead() && len(numbers.FindString(c.line())) > 16
		},
	},
	{
		how: stricter,
		why: "RFC 9112 section 7.1.1: what follows = in a chunk extension is a token or a quoted string",
		holds: func(c *clash) bool {
			return c.got.code == "STRICT" && !c.inHead() &&
				strings.Contains(c.line(), ";") && !extensions.MatchString(c.line())
		},
	},
	{
		how:    stricter,
		passes: true,
		why:    "RFC 9112 section 6.3: two lengths may be refused even if they are equal",
		holds: func(c *clash) bool {
			return c.inHead() && len(c.head.list("content-length")) > 1 && strings.HasSuffix(c.got.code, "CONTENT_LENGTH")
		},
	},
}
