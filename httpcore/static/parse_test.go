package static

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// Whatever the field says, its spans lie inside the file, are not empty, and come to no more than the file; and a list of
// valid ranges in the plain form is never overlooked.
func FuzzRange(f *testing.F) {
	for _, field := range []string{
		"bytes=0-0", "bytes=-5", "bytes=5-", "bytes=0-1,4-5", "bytes=-0", "bytes=9-1", "bytes=,", "bytes=0-18446744073709551616", "x=0-1",
		"bytes=1-2 , -3", "BYTES=0-", "bytes=-99999999999999999999",
	} {
		f.Add(field, int64(10), uint16(3), uint16(4))
	}
	f.Fuzz(func(t *testing.T, field string, size int64, first, length uint16) {
		size &= math.MaxInt64
		spans, w := parseRange(field, size)
		if (w == wantsSpans) != (len(spans) > 0) || len(spans) > maxRanges {
			t.Fatalf("%q of %d: %d with %d spans", field, size, w, len(spans))
		}
		sum := int64(0)
		for _, s := range spans {
			if s.start < 0 || s.length <= 0 || s.start > size-s.length {
				t.Fatalf("%q of %d: %d bytes from %d on", field, size, s.length, s.start)
			}
			if sum += s.length; sum < 0 || sum > size {
				t.Fatalf("%q of %d comes to %d bytes", field, size, sum)
			}
		}
		// One that is built to be valid.
		at, n := int64(first), int64(length)+1
		if at+n > size {
			return
		}
		plain := "bytes=" + strconv.FormatInt(at, 10) + "-" + strconv.FormatInt(at+n-1, 10)
		if spans, w := parseRange(plain, size); w != wantsSpans || !slices.Equal(spans, []span{{at, n}}) {
			t.Fatalf("%q of %d: %d %v", plain, size, w, spans)
		}
	})
}

// Whatever the path is, its names are such that no folder is left by them, and a path of theirs names the same.
func FuzzTarget(f *testing.F) {
	for _, path := range []string{"/", "", "/a/b", "/a/../b/", "/%2e%2e/x", "/a%2fb", "/%00", "/%zz", "//a//", "/.hidden", "/.well-known/x", "*", "/a/.", "/%", "/a:b"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, status := parseTarget(path, true)
		if status != 0 {
			return
		}
		again := "/"
		for i, name := range got.names {
			if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || len(name) > maxName {
				t.Fatalf("%q has the name %q", path, name)
			}
			if i > 0 {
				again += "/"
			}
			for _, c := range []byte(name) {
				again += "%" + strconv.FormatInt(int64(c)|0x100, 16)[1:]
			}
		}
		same, status := parseTarget(again, true)
		if status != 0 || !slices.Equal(same.names, got.names) {
			t.Fatalf("%q has the names %q, and %q has %q", path, got.names, again, same.names)
		}
		if location := got.asFolder(path); !strings.HasSuffix(location, "/") || strings.HasPrefix(location, "/") && len(got.names) > 0 {
			t.Fatalf("%q leads to %q", path, location)
		}
	})
}

func TestARangeIsReadAsTheRFCHasIt(t *testing.T) {
	for _, k := range []struct {
		field  string
		size   int64
		want   wanted
		starts []int64
	}{
		{"bytes=0-", 10, wantsSpans, []int64{0}},
		{"bytes=-1", 10, wantsSpans, []int64{9}},
		{"bytes=-20", 10, wantsSpans, []int64{0}},
		{"bytes=3-3,-1,0-0", 10, wantsSpans, []int64{3, 9, 0}},
		{"bytes=0-99999999999999999999999", 10, wantsSpans, []int64{0}},
		{"bytes=99999999999999999999999-", 10, wantsNothing, nil},
		{"bytes=10-", 10, wantsNothing, nil},
		{"bytes=-0", 10, wantsNothing, nil},
		{"bytes=10-,0-0", 10, wantsSpans, []int64{0}},
		{"bytes=0-", 0, wantsAll, nil},
		{"bytes=", 10, wantsAll, nil},
		{"bytes=,,", 10, wantsAll, nil},
		{"bytes=-", 10, wantsAll, nil},
		{"bytes=1-0", 10, wantsAll, nil},
		{"bytes=0-0,1-0", 10, wantsAll, nil},
		{"bytes=0 -1", 10, wantsAll, nil},
		{"bytes =0-1", 10, wantsAll, nil},
		{"bytes=0x1-2", 10, wantsAll, nil},
		{"bytes=0-9,0-0", 10, wantsAll, nil},
		{"bytes=0-0" + strings.Repeat(",0-0", 40), 1000, wantsAll, nil},
	} {
		spans, w := parseRange(k.field, k.size)
		var starts []int64
		for _, s := range spans {
			starts = append(starts, s.start)
		}
		if w != k.want || !slices.Equal(starts, k.starts) {
			t.Errorf("%.40q of %d: got %d %v, want %d %v", k.field, k.size, w, starts, k.want, k.starts)
		}
	}
}

// What a file is told to be by how it begins is what http.DetectContentType tells, where we tell anything.
func TestTypesAreToldAsNetHTTPTellsThem(t *testing.T) {
	begins := []string{
		"", "text", "a\nb\tc\r\n", "h\u00e9", "\xff\xfe\x00", "\x00", "\x01\x02", "\x1b[0m", "text\x00", "<html>", "<HTML lang=en>", "  \n<!doctype html>",
		"<htmlx>", "<!-- comment", "<p>", "<?xml version", "<body>", "<script>", "{\"a\": 1}", "PK\x03\x04", "PK", "Rar!\x1a\x07\x00", "wOFF", "wOF2",
		"RIFF1234WEBPVP8 ", "RIFF1234WAVEfmt ", "RIFF1234AVI LIST", "BM12", "\x00\x00\x01\x00\x01", "\x1aE\xdf\xa3", "MThd\x00\x00\x00\x06", "\x00asm\x01",
	}
	for _, s := range signatures {
		begins = append(begins, s.begins, s.begins+"more", s.begins[:len(s.begins)-1])
	}
	for _, b := range begins {
		if strings.HasPrefix(b, "....ftyp") {
			continue // net/http takes the first bytes for a length, and looks further
		}
		if got, want := sniff([]byte(b)), http.DetectContentType([]byte(b)); got != want {
			t.Errorf("%q: got %s, want %s", b, got, want)
		}
	}
	if got := sniff([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")); got != "video/mp4" {
		t.Errorf("got %s, want video/mp4", got)
	}
}

func TestDatesOfTheThreeFormsAreRead(t *testing.T) {
	want := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"} {
		if got, ok := parseDate(s); !ok || !got.Equal(want) {
			t.Errorf("%s: got %v", s, got)
		}
	}
	for _, s := range []string{"", "now", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994"} {
		if got, ok := parseDate(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestEachReasonHasItsStatus(t *testing.T) {
	for _, k := range []struct {
		err  error
		want int
	}{
		{reactor.ENOENT, 404},
		{reactor.ENOTDIR, 404},
		{reactor.ENAMETOOLONG, 404},
		{reactor.ELOOP, 404},
		{errNotServed, 404},
		{errors.New("path escapes from parent"), 404},
		{reactor.EACCES, 403},
		{reactor.EPERM, 403},
		{reactor.EMFILE, 503},
		{reactor.ENFILE, 503},
		{reactor.ENOMEM, 503},
		{reactor.EIO, 500},
		{fs.ErrClosed, 500},
	} {
		if got := statusOf(fmt.Errorf("static: %w", &fs.PathError{Op: "openat", Path: "x", Err: k.err})); got != k.want {
			t.Errorf("%v: got %d, want %d", k.err, got, k.want)
		}
	}
	for _, err := range []error{io.ErrUnexpectedEOF, &loop.PanicError{}} {
		if got := statusOf(err); got != 500 {
			t.Errorf("%v: got %d, want 500", err, got)
		}
	}
}
