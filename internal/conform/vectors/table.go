package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// place is where in a message a byte is tried.
type place struct {
	kind          h1.Kind
	before, after string
}

// What stands around a byte that is tried.
const (
	version     = " HTTP/1.1\r\n"
	coding      = "POST /" + version + "Transfer-Encoding: "
	chunkedHead = "chunked\r\n\r\n" // the end of a head
	chunked     = coding + chunkedHead
)

// places are those of Node's table, by its names. What stands around the byte matters, as another word may make it part
// of something else.
var places = map[string]place{
	"request: first byte of the method":       {h1.Request, "", "ET /" + version + "\r\n"},
	"request: URL, first byte":                {h1.Request, "GET ", version + "\r\n"},
	"request: URL path, inner byte":           {h1.Request, "GET /a", "b" + version + "\r\n"},
	"request: URL query":                      {h1.Request, "GET /?a", "b" + version + "\r\n"},
	"request: URL fragment":                   {h1.Request, "GET /#a", "b" + version + "\r\n"},
	"request: URL schema":                     {h1.Request, "GET a", "b://h/" + version + "\r\n"},
	"request: URL host":                       {h1.Request, "GET http://a", "b/" + version + "\r\n"},
	"request: CONNECT target":                 {h1.Request, "CONNECT a", "b:1" + version + "\r\n"},
	"request: between method and URL":         {h1.Request, "GET", "/" + version + "\r\n"},
	"header name, first byte":                 {h1.Request, "GET /" + version, "A: b\r\n\r\n"},
	"header name, inner byte":                 {h1.Request, "GET /" + version + "A", "A: b\r\n\r\n"},
	"header value, first byte":                {h1.Request, "GET /" + version + "A: ", "b\r\n\r\n"},
	"header value, inner byte":                {h1.Request, "GET /" + version + "A: b", "c\r\n\r\n"},
	"Connection value, inner byte":            {h1.Request, "GET /" + version + "Connection: b", "c\r\n\r\n"},
	"Content-Length value, trailing byte":     {h1.Request, "POST /" + version + "Content-Length: 0", "\r\n\r\n"},
	"Transfer-Encoding value, before chunked": {h1.Request, coding + "a", "b, " + chunkedHead + "0\r\n\r\n"},
	"chunk size, second byte":                 {h1.Request, chunked + "0", "\r\n\r\n"},
	"chunk extension name":                    {h1.Request, chunked + "0;a", "b\r\n\r\n"},
	"chunk extension value":                   {h1.Request, chunked + "0;a=b", "c\r\n\r\n"},
	"chunk extension quoted value":            {h1.Request, chunked + "0;a=\"b", "c\"\r\n\r\n"},
	"chunk extension quoted pair":             {h1.Request, chunked + "0;a=\"b\\", "c\"\r\n\r\n"},
	"response: reason phrase, inner byte":     {h1.Response, "HTTP/1.1 200 a", "b\r\nContent-Length: 0\r\n\r\n"},
	"trailer value, inner byte":               {h1.Request, chunked + "0\r\nT: a", "b\r\n\r\n"},
}

// parseTable reads Node's table of the bytes that are accepted at each place. It makes 256 vectors of each.
func parseTable(line []byte) ([]*vector, error) {
	var r map[string]struct{ Strict *struct{ Accepted string } }
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, errFormat
	}
	var list []*vector
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if r[name].Strict == nil {
			return nil, errFormat
		}
		accepted, err := bytesOf(r[name].Strict.Accepted)
		if err != nil {
			return nil, err
		}
		for c := range 256 {
			list = append(list, tried(name, byte(c), accepted[c]))
		}
	}
	return list, nil
}

// tried is the vector of one byte at one place.
func tried(name string, c byte, accepted bool) *vector {
	p := places[name]
	v := &vector{
		id: fmt.Sprintf("%s %02x", name, c), group: name, tried: c, kind: p.kind,
		input:  slices.Concat([]byte(p.before), []byte{c}, []byte(p.after)),
		finish: true, only: true, addHost: true,
	}
	v.want.end.off = len(p.before)
	if !accepted {
		v.want.end.stop = refused
	}
	return v
}

// bytesOf reads a set of bytes: hexadecimal values and ranges.
func bytesOf(s string) (set [256]bool, err error) {
	for _, f := range strings.Fields(s) {
		first, last, ok := strings.Cut(f, "-")
		if !ok {
			last = first
		}
		a, errA := strconv.ParseUint(first, 16, 8)
		b, errB := strconv.ParseUint(last, 16, 8)
		if errA != nil || errB != nil {
			return set, fmt.Errorf("%w: bytes %q", errFormat, f)
		}
		for c := a; c <= b; c++ {
			set[c] = true
		}
	}
	return set, nil
}
