package main

import (
	"slices"
	"strings"
)

// tolerances are why the Parser accepts what is recorded as refused.
var tolerances = []deviation{
	{
		how: broader,
		why: "RFC 9110 section 9.1: any token is a method",
		holds: func(c *clash) bool {
			whole := c.begin+len(c.head.start) < len(c.v.input)
			return c.request() && c.inStart() && c.wants("INVALID_METHOD", "INVALID_CONSTANT") &&
				(c.want.code == "INVALID_CONSTANT" || c.off <= c.begin+len(c.head.method)) &&
				(whole && requestLines.MatchString(c.head.start) || !whole && begunLines.MatchString(c.head.start))
		},
	},
	{
		how: broader,
		why: "RFC 9110 section 2.5: a minor version that is not known is read as the highest that is",
		holds: func(c *clash) bool {
			return c.wants("INVALID_VERSION") && minors.MatchString(c.head.protocol)
		},
	},
	{
		how: broader,
		why: "RFC 3986 section 3.1: a scheme has digits, +, - and . too",
		holds: func(c *clash) bool {
			a, _ := c.head.authority()
			return c.wants("INVALID_URL") && c.off < c.begin+strings.Index(c.head.start, "://") &&
				schemes.MatchString(c.head.target) && authorities.MatchString(a)
		},
	},
	{
		how: broader,
		why: "RFC 9110 section 5.5: a tab is whitespace around a value like a space",
		holds: func(c *clash) bool {
			return c.wants("INVALID_CONTENT_LENGTH") && lengths.MatchString(c.line()) && strings.Contains(c.line(), "\t")
		},
	},
	{
		how: broader,
		why: "RFC 9112 section 7.1.1: whitespace around ; and = of a chunk extension must be parsed",
		holds: func(c *clash) bool {
			return c.wants("STRICT", "INVALID_CHUNK_SIZE") && !c.inHead() &&
				extensions.MatchString(c.line()) && blanks.MatchString(c.line())
		},
	},
	{
		how: broader,
		why: "RFC 9110 section 6.5.1: a field of framing means nothing in a trailer section",
		holds: func(c *clash) bool {
			return !c.inHead() &&
				c.wants("INVALID_CONTENT_LENGTH", "UNEXPECTED_CONTENT_LENGTH", "INVALID_TRANSFER_ENCODING") &&
				slices.Equal(c.head.list("transfer-encoding"), []string{"chunked"}) && framings.MatchString(c.line())
		},
	},
	{
		how: broader,
		why: "RFC 9110 section 15.2: an interim response is followed by the final one",
		holds: func(c *clash) bool {
			return c.response() && c.wants("CLOSED_CONNECTION") && interims.MatchString(c.before.status)
		},
	},
}

// readings are why it reads a message in another way.
var readings = []deviation{
	{
		how: persistent,
		why: "RFC 9112 section 9.3: close is stronger than keep-alive",
		holds: func(c *clash) bool {
			l := c.head.list("connection")
			return !c.persists() && slices.Contains(l, "close") && slices.Contains(l, "keep-alive")
		},
	},
	{
		how: persistent,
		why: "RFC 9112 appendix C.2.2: Proxy-Connection means nothing",
		holds: func(c *clash) bool {
			l, proxy := c.head.list("connection"), c.head.list("proxy-connection")
			return slices.ContainsFunc(proxy, func(m string) bool {
				return (m == "close" && c.persists() || m == "keep-alive" && !c.persists()) && !slices.Contains(l, m)
			})
		},
	},
	{
		how: anyhow,
		why: "RFC 9110 section 7.8: the body of a request that asks for an upgrade still belongs to it",
		holds: func(c *clash) bool {
			return c.request() && c.v.answer == upgrade && c.framed() && c.sameHeads() && c.stops()
		},
	},
	{
		how: content,
		why: "RFC 9110 section 15.2.2: behind a 101 is another protocol",
		holds: func(c *clash) bool {
			return c.response() && c.got.stop == upgraded && c.got.off == c.begin &&
				strings.HasPrefix(c.before.status, "101")
		},
	},
	{
		how: content,
		why: "RFC 9112 section 2.2: a CR alone is no empty line",
		holds: func(c *clash) bool {
			return c.got.stop == unfinished && c.begin == c.got.off && strings.HasSuffix(string(c.v.input), "\r")
		},
	},
	{
		how: anyhow,
		why: "RFC 9112 section 6.3: no response with a status of 1xx has a body",
		holds: func(c *clash) bool {
			return c.response() && interims.MatchString(c.head.status) && c.framed() &&
				c.sameHeads() && !c.ours.has("body")
		},
	},
}
