package h1_test

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

func TestEncoderAndParserTakeTheSameBytesAtEachPlace(t *testing.T) {
	for _, place := range []struct {
		name string
		part func(c string) part
	}{
		{"method, alone", func(c string) part { return requestLine(c, "/") }},
		{"method, first", func(c string) part { return requestLine(c+"ET", "/") }},
		{"method, inside", func(c string) part { return requestLine("G"+c+"T", "/") }},
		{"method, last", func(c string) part { return requestLine("GE"+c, "/") }},
		{"target, alone", func(c string) part { return requestLine("GET", c) }},
		{"target, alone, of OPTIONS", func(c string) part { return requestLine("OPTIONS", c) }},
		{"target, first", func(c string) part { return requestLine("GET", c+"a") }},
		{"target, first, of OPTIONS", func(c string) part { return requestLine("OPTIONS", c+"a") }},
		{"target, inside", func(c string) part { return requestLine("GET", "/abcdefgh"+c+"abcdefgh") }},
		{"target, last", func(c string) part { return requestLine("GET", "/"+c) }},
		{"scheme, first", func(c string) part { return requestLine("GET", c+"x://a/") }},
		{"scheme, inside", func(c string) part { return requestLine("GET", "x"+c+"x://a/") }},
		{"slash, first", func(c string) part { return requestLine("GET", "x:"+c+"/a/") }},
		{"slash, second", func(c string) part { return requestLine("GET", "x:/"+c+"a/") }},
		{"authority, first", func(c string) part { return requestLine("GET", "x://"+c+"a/") }},
		{"authority, alone", func(c string) part { return requestLine("GET", "x://"+c) }},
		{"authority, inside", func(c string) part { return requestLine("GET", "x://a"+c+"a/") }},
		{"authority, behind %", func(c string) part { return requestLine("GET", "x://a%"+c+"a/") }},
		{"authority, behind % and a digit", func(c string) part { return requestLine("GET", "x://a%a"+c+"/") }},
		{"address, first", func(c string) part { return requestLine("GET", "x://["+c+"]/") }},
		{"address, inside", func(c string) part { return requestLine("GET", "x://[a"+c+"]/") }},
		{"address, behind", func(c string) part { return requestLine("GET", "x://[a]"+c) }},
		{"port, inside", func(c string) part { return requestLine("GET", "x://a:"+c+"/") }},
		{"path, inside", func(c string) part { return requestLine("GET", "x://a/"+c) }},
		{"query, inside", func(c string) part { return requestLine("GET", "x://a?"+c) }},
		{"CONNECT, host, first", func(c string) part { return requestLine("CONNECT", c+"a:1") }},
		{"CONNECT, host, inside", func(c string) part { return requestLine("CONNECT", "a"+c+"a:1") }},
		{"CONNECT, before the port", func(c string) part { return requestLine("CONNECT", "a"+c+"1") }},
		{"CONNECT, port", func(c string) part { return requestLine("CONNECT", "a:"+c) }},
		{"CONNECT, port, last", func(c string) part { return requestLine("CONNECT", "a:1"+c) }},
		{"reason, alone", func(c string) part { return statusLine(200, c) }},
		{"reason, first", func(c string) part { return statusLine(200, c+"bcdefghijk") }},
		{"reason, inside", func(c string) part { return statusLine(200, "abc"+c+"efghijk") }},
		{"reason, last", func(c string) part { return statusLine(200, "abcdefghij"+c) }},
		{"name, alone", func(c string) part { return field(c, "b") }},
		{"name, first", func(c string) part { return field(c+"A", "b") }},
		{"name, inside", func(c string) part { return field("A"+c+"A", "b") }},
		{"name, last", func(c string) part { return field("A"+c, "b") }},
		{"name, nearly Host", func(c string) part { return field("H"+c+"st", "a b") }},
		{"value, alone", func(c string) part { return field("A", c) }},
		{"value, first", func(c string) part { return field("A", c+"bcdefghijk") }},
		{"value, inside", func(c string) part { return field("A", "abc"+c+"efghijk") }},
		{"value, inside, behind eight", func(c string) part { return field("A", "abcdefgh"+c+"jk") }},
		{"value, last", func(c string) part { return field("A", "abcdefghij"+c) }},
		{"Host, alone", func(c string) part { return field("Host", c) }},
		{"Host, first", func(c string) part { return field("Host", c+"a") }},
		{"Host, inside", func(c string) part { return field("Host", "a"+c+"a") }},
		{"Host, last", func(c string) part { return field("Host", "a"+c) }},
		{"Host, address", func(c string) part { return field("Host", "[a"+c+"]") }},
		{"Host, port", func(c string) part { return field("Host", "a:"+c) }},
		{"Content-Length, alone", func(c string) part { return field("Content-Length", c) }},
		{"Content-Length, inside", func(c string) part { return field("Content-Length", "1"+c+"1") }},
		{"Transfer-Encoding, first", func(c string) part { return field("Transfer-Encoding", c+"hunked") }},
		{"Transfer-Encoding, inside", func(c string) part { return field("Transfer-Encoding", "chunk"+c+"d") }},
		{"Transfer-Encoding, last", func(c string) part { return field("Transfer-Encoding", "chunked"+c) }},
		{"trailer, name", func(c string) part { return trailer("A"+c, "b") }},
		{"trailer, value, first", func(c string) part { return trailer("A", c+"b") }},
		{"trailer, value, inside", func(c string) part { return trailer("A", "a"+c+"b") }},
	} {
		t.Run(place.name, func(t *testing.T) {
			for c := range 256 {
				p := place.part(string([]byte{byte(c)}))
				p.check(t, len(p.before)+len(p.plain)/2)
			}
		})
	}
}

// The encoder and the parser have their sets from one table, so that something has to say what is in it.
func TestTheCharacterSetsAreThoseOfTheRFCs(t *testing.T) {
	const alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	in := func(set string) func(byte) bool {
		return func(c byte) bool { return strings.IndexByte(set, c) >= 0 }
	}
	text := func(c byte) bool { return c == '\t' || c >= ' ' && c <= '~' || c >= 0x80 }
	for _, set := range []struct {
		name string
		ask  func(c string) bool
		has  func(c byte) bool
	}{
		{"tchar", h1.ValidToken[string], in(alnum + "!#$%&'*+-.^_`|~")},
		{"field-content", func(c string) bool { return h1.ValidFieldValue("a" + c + "a") }, text},
		{"field-vchar", h1.ValidFieldValue[string], func(c byte) bool { return text(c) && c != ' ' && c != '\t' }},
		{"reason-phrase", h1.ValidReason[string], text},
		{
			"target", func(c string) bool { return h1.ValidTarget("GET", "/"+c) },
			func(c byte) bool { return c > ' ' && c <= '~' && c != '#' },
		},
		{
			"scheme", func(c string) bool { return h1.ValidTarget("GET", "a"+c+"://b") },
			in(alnum + "+-."),
		},
		{
			"reg-name, or what ends it", func(c string) bool { return h1.ValidTarget("GET", "a://b"+c) },
			in(alnum + "-._~!$&'()*+,;=" + ":/?"),
		},
		{"reg-name, or port", func(c string) bool { return h1.ValidHost("a" + c) }, in(alnum + "-._~!$&'()*+,;=" + ":")},
		{"HEXDIG", func(c string) bool { return h1.ValidHost("%1"+c) && h1.ValidHost("%"+c+"1") }, in(alnum[:16] + "ABCDEF")},
		{"DIGIT", func(c string) bool { return h1.ValidHost("a:1" + c) }, in(alnum[:10])},
	} {
		for c := range 256 {
			if got, want := set.ask(string([]byte{byte(c)})), set.has(byte(c)); got != want {
				t.Errorf("%s: %q is %v, want %v", set.name, byte(c), got, want)
			}
		}
	}
}

func TestWhatIsValid(t *testing.T) {
	for _, c := range []struct {
		question string
		ask      func(string) bool
		yes, no  []string
	}{
		{
			"token", h1.ValidToken[string],
			[]string{"a", "Content-Type", "X-Token-64", "12345678-Aa", "Aa-1", "abcdefg_", "abcdefghi~", "!#$%&'*+-.^_`|~", strings.Repeat("x", 1000)},
			[]string{
				"", "a b", "a:", "é", "(", "a\r\n", "@", "Content-Type:", "Content Type", "[ontent-Type", "Content-Typ{", "abcdefg@", "`bcdefgh\x00",
				"abcdefgh\xff", "\xffabcdefgh", "abcdefghijklmno\x7fabcdefgh",
			},
		},
		{
			"method", h1.ValidMethod[string],
			[]string{"GET", "get", "M-SEARCH", "pri", strings.Repeat("x", 32)},
			[]string{"", "PRI", "GET ", strings.Repeat("x", 33)},
		},
		{
			"host", h1.ValidHost[string],
			[]string{"", "a", "a:", "a:80", "1.2.3.4", "[::1]", "[::1]:80", "[fe80::1%25eth0]", "a%41b", "a_b"},
			[]string{
				":", ":80", "a b", " a", "a ", "a/", "u@a", "a:b", "a:1:2", "a[b]", "[a[b]", "[", "[]", "[::1", "[::1]a",
				"a%", "a%4", "a%4g", "é",
			},
		},
		{
			"value", h1.ValidFieldValue[string],
			[]string{"", "a", "a b\tc", "é", "\xff", strings.Repeat("a\t", 100) + "a"},
			[]string{" ", "\t", " a", "a ", "a\t", "\ta", "a\x00a", "a\nb", "a\rb", "1234567\x1f", "a\x7fb"},
		},
		{
			"reason", h1.ValidReason[string],
			[]string{"", " ", "Not Found", "\té\xff "},
			[]string{"\x00", "a\r", "a\nb", "\x7f", "12345678\x0b"},
		},
		{
			"target of GET", func(s string) bool { return h1.ValidTarget("GET", s) },
			[]string{"/", "/a?b=c", "//", "/{|}", "http://a", "http://a:1/b?c", "urn://a?"},
			[]string{"", "*", "a", "a:1", "/a b", "/#", "/é", "http:", "http://", "http://u@a/", "http:///a", "?a", "mailto:a"},
		},
		{
			"target of CONNECT", func(s string) bool { return h1.ValidTarget([]byte("CONNECT"), s) },
			[]string{"a:1", "[::1]:443"},
			[]string{"", "/", "*", "a", "a:", ":1", "a:1/", "http://a:1", "u@a:1"},
		},
		{
			"target of OPTIONS", func(s string) bool { return h1.ValidTarget("OPTIONS", []byte(s)) },
			[]string{"*", "/", "http://a"},
			[]string{"", "**", "*a", "a:1"},
		},
	} {
		for _, s := range c.yes {
			if !c.ask(s) {
				t.Errorf("%s: %q is refused", c.question, s)
			}
		}
		for _, s := range c.no {
			if c.ask(s) {
				t.Errorf("%s: %q is taken", c.question, s)
			}
		}
	}
}

func TestAskingWhatIsValidAllocatesNothing(t *testing.T) {
	ok := true
	method, host := []byte("CONNECT"), []byte("example.org:443")
	text := []byte(strings.Repeat("text\t\xff ", 100) + ".")
	n := testing.AllocsPerRun(100, func() {
		ok = ok && h1.ValidToken(method) && h1.ValidMethod(method) && h1.ValidTarget(method, host) &&
			h1.ValidHost(host) && h1.ValidFieldValue(text) && h1.ValidReason(text) &&
			h1.ValidTarget([]byte("OPTIONS"), "*") && h1.ValidTarget("GET", "http://example.org/") &&
			!h1.ValidTarget(text, text)
	})
	if n != 0 || !ok {
		t.Errorf("%v allocations, %v", n, ok)
	}
}
