package static_test

import (
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/static"
)

// different is where we differ from net/http, and why.
type different string

const (
	same different = ""

	// What goes wrong has another text; the status and the rest are as there.
	otherWords different = "the text of an error is ours"

	// RFC 9110 section 14.2: an invalid Range, or one of an unknown unit, is ignored. net/http refuses it.
	ignoresRange different = "a Range that is none is no reason to refuse"
	// The same section: only GET has ranges. net/http answers a HEAD as if it had.
	rangeIsOfGET different = "HEAD has no ranges"
	// The last bytes of an empty file are bytes 0 to -1 in net/http: no Content-Range says that.
	emptyFile different = "an empty file has no ranges"
	// A Range of two lines is a list that is malformed. net/http sees the first line.
	twoLines different = "a second Range is not overlooked"
	// A suffix of no bytes is unsatisfiable: section 14.1.2. net/http answers 206 with a Content-Range that is none.
	emptySuffix different = "a suffix of no bytes is nowhere"
	// At most 32 ranges.
	tooMany different = "more than 32 ranges are not served"

	// Section 15.5.6. net/http serves a file to whatever method.
	onlyGET different = "other methods than GET and HEAD are refused"
	// A name cannot have a slash, so nothing has that name. net/http decodes first and separates then.
	encodedSlash different = "an encoded slash separates nothing"
	// net/http says 500.
	notAName different = "what cannot be a name is the client's mistake"
	// net/http says 500 for a name that is too long.
	tooLong different = "nothing has a name that is too long"
	// net/http hands them out, unless asked to be careful.
	dotFiles different = "dot files are an option"
	// The page is ours: it is UTF-8 by declaration, has no dot files, and no date (it is not what the folder's date tells of).
	listings different = "the page that lists a folder is ours"
	// net/http redirects to what would be a scheme, or a query.
	location different = "a location that is a relative reference, whatever is in it"
	// What is set for a file says nothing of a 412. net/http has it there, if it was set before.
	notOf412 different = "a 412 has no Cache-Control"
)

// The same requests to both, and the same answers but for what is named.
func TestTheSameRequestHasTheSameAnswerAsFromNetHTTP(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20_000) // more than is read at once
	files := map[string]string{
		"hello.txt": "hello, world\n", "ten": "0123456789", "empty.txt": "", "big.bin": big, "page.html": "<p>page", "style.css": "p{}",
		"data.json": "{}", "pic.png": "\x89PNG\r\n\x1a\n", "noext": "plain text", "binary": "\x00\x01\x02", "markup": "<!DOCTYPE html><p>",
		"gif": "GIF89a...", "zip": "PK\x03\x04", "pdf": "%PDF-1.7", "utf8": "h\u00e9", "dir/index.html": "the index", "dir/sub/file.txt": "deep",
		"bare/a": "a", "bare/b&c": "b", "sp ace.txt": "space", "h\u00e9.txt": "e", "per%cent.txt": "percent", "que?ry.txt": "query",
		"co:lon/index.html": "colon", "hash#.txt": "hash", "plus+.txt": "plus", "back\\slash.txt": "back", ".hidden": "hidden", "..dots": "dots",
		".well-known/x": "known", "semi;colon.txt": "semi", "quo\"te.txt": "quote", "UPPER.TXT": "upper", "archive.tar.gz": "\x1f\x8b\x08",
	}
	r := newRig(t, static.Options{Listing: true, CacheControl: "max-age=60"}, files)
	rival := rivalOf(t, r.dir)
	tagOf := func(name string) string { return r.get("HEAD /"+name, "").header.Get("ETag") }
	tag, date := tagOf("ten"), old.Format(http.TimeFormat)
	before, after := old.Add(-time.Hour).Format(http.TimeFormat), old.Add(time.Hour).Format(http.TimeFormat)
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("the ETag is %s", tag)
	}
	for _, x := range []struct {
		line, fields string
		deviates     different
	}{
		// files, and what they are
		{"GET /hello.txt", "", same},
		{"HEAD /hello.txt", "", same},
		{"GET /ten", "", same},
		{"GET /empty.txt", "", same},
		{"HEAD /empty.txt", "", same},
		{"GET /big.bin", "", same},
		{"HEAD /big.bin", "", same},
		{"GET /page.html", "", same},
		{"GET /style.css", "", same},
		{"GET /data.json", "", same},
		{"GET /pic.png", "", same},
		{"GET /noext", "", same},
		{"GET /binary", "", same},
		{"GET /markup", "", same},
		{"GET /gif", "", same},
		{"GET /zip", "", same},
		{"GET /pdf", "", same},
		{"GET /utf8", "", same},
		{"GET /UPPER.TXT", "", same},
		{"GET /archive.tar.gz", "", same},
		{"GET /hello.txt?query=1", "", same},
		{"GET http://a/hello.txt", "", same},

		// names
		{"GET /sp%20ace.txt", "", same},
		{"GET /h%C3%A9.txt", "", same},
		{"GET /per%25cent.txt", "", same},
		{"GET /que%3Fry.txt", "", same},
		{"GET /hash%23.txt", "", same},
		{"GET /plus+.txt", "", same},
		{"GET /plus%2B.txt", "", same},
		{"GET /semi;colon.txt", "", same},
		{"GET /quo%22te.txt", "", same},
		{"GET /back%5Cslash.txt", "", same},
		{"GET /%68ello.txt", "", same},
		{"GET //hello.txt", "", same},
		{"GET /dir//sub///file.txt", "", same},
		{"GET /dir/sub/../../hello.txt", "", same},
		{"GET /dir/%2e%2e/hello.txt", "", same},
		{"GET /../../../../hello.txt", "", same},
		{"GET /%2e%2e/%2e%2e/hello.txt", "", same},
		{"GET /./hello.txt", "", same},
		{"GET /nothing", "", otherWords},
		{"HEAD /nothing", "", otherWords},
		{"GET /hello.txt/more", "", otherWords},
		{"GET /dir/../../../etc/passwd", "", otherWords},
		{"GET /%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", otherWords},
		{"GET /dir%2fsub%2ffile.txt", "", encodedSlash},
		{"GET /..%2fhello.txt", "", encodedSlash},
		{"GET /%00", "", notAName},
		{"GET /hello.txt%00.png", "", notAName},
		{"GET /" + strings.Repeat("a", 300), "", tooLong},
		{"GET /.hidden", "", dotFiles},
		{"GET /..dots", "", dotFiles},
		{"GET /.well-known/x", "", same},

		// folders
		{"GET /dir", "", same},
		{"GET /dir?a=b", "", same},
		{"GET /dir/", "", same},
		{"HEAD /dir/", "", same},
		{"GET /dir/index.html", "", same},
		{"GET /dir/index.html?a=b", "", same},
		{"GET /bare/index.html", "", same},
		{"GET /dir/sub", "", same},
		{"GET /hello.txt/", "", same},
		{"GET /dir/sub/file.txt/?a", "", same},
		{"GET /dir/.", "", same},
		{"GET /dir/sub/..", "", same},
		{"GET /co:lon", "", location},
		{"GET /co:lon/", "", same},
		{"GET /bare/", "", listings},
		{"GET /", "", listings},

		// one range
		{"GET /ten", "Range: bytes=0-0", same},
		{"GET /ten", "Range: bytes=2-5", same},
		{"GET /ten", "Range: bytes=5-", same},
		{"GET /ten", "Range: bytes=-3", same},
		{"GET /ten", "Range: bytes=-30", same},
		{"GET /ten", "Range: bytes=0-9", same},
		{"GET /ten", "Range: bytes=0-", same},
		{"GET /ten", "Range: bytes=9-100", same},
		{"GET /ten", "Range: bytes=9-99999999999999999", same},
		{"GET /ten", "Range: bytes= 2-5 ", same},
		{"GET /ten", "Range: bytes=10-", otherWords},
		{"GET /ten", "Range: bytes=100-200", otherWords},
		{"GET /ten", "Range: bytes=-0", emptySuffix},
		{"GET /ten", "Range: bytes=5-2", ignoresRange},
		{"GET /ten", "Range: bytes=", same},
		{"GET /ten", "Range: bytes=a-b", ignoresRange},
		{"GET /ten", "Range: bytes=--2", ignoresRange},
		{"GET /ten", "Range: bytes=+1-2", ignoresRange},
		{"GET /ten", "Range: bytes=1", ignoresRange},
		{"GET /ten", "Range: lines=1-2", ignoresRange},
		{"GET /ten", "Range: 1-2", ignoresRange},
		{"GET /ten", "Range: Bytes=2-3", ignoresRange}, // here net/http refuses, and we serve: units are in any case
		{"HEAD /ten", "Range: bytes=2-5", rangeIsOfGET},
		{"GET /empty.txt", "Range: bytes=0-", same},
		{"GET /empty.txt", "Range: bytes=5-6", same},
		{"GET /empty.txt", "Range: bytes=-5", emptyFile},
		{"GET /big.bin", "Range: bytes=100000-299999", same},
		{"GET /big.bin", "Range: bytes=-20", same},
		{"GET /big.bin", "Range: bytes=319990-", same},
		{"GET /hello.txt", "Range: bytes=2-5", same},

		// several
		{"GET /ten", "Range: bytes=0-1,4-5", same},
		{"GET /ten", "Range: bytes=0-1, 4-5 ,-1", same},
		{"GET /ten", "Range: bytes=0-1,,4-5", same},
		{"GET /ten", "Range: bytes=0-1,20-30", same},
		{"GET /ten", "Range: bytes=20-30,40-50", otherWords},
		{"GET /ten", "Range: bytes=0-1,x", ignoresRange},
		{"GET /ten", "Range: bytes=0-9,0-9", same},
		{"GET /ten", "Range: bytes=5-6,1-2", same},
		{"GET /ten", "Range: bytes=0-4,5-9", same},
		{"GET /big.bin", "Range: bytes=0-99999,200000-299999", same},
		{"GET /big.bin", "Range: bytes=0-0,-1", same},
		{"GET /hello.txt", "Range: bytes=0-0,2-2", same},
		{"GET /big.bin", "Range: bytes=0-0" + strings.Repeat(",2-2", 31), same},
		{"GET /big.bin", "Range: bytes=0-0" + strings.Repeat(",2-2", 32), tooMany},
		{"GET /ten", "Range: bytes=0-1\nRange: bytes=3-4", twoLines},

		// conditions
		{"GET /ten", "If-None-Match: " + tag, same},
		{"HEAD /ten", "If-None-Match: " + tag, same},
		{"GET /ten", "If-None-Match: W/" + tag, same},
		{"GET /ten", `If-None-Match: "a", ` + tag, same},
		{"GET /ten", `If-None-Match: "a,b" , W/"c",` + tag, same},
		{"GET /ten", "If-None-Match: *", same},
		{"GET /ten", `If-None-Match: "other"`, same},
		{"GET /ten", "If-None-Match: other", same},
		{"GET /ten", `If-None-Match: "open`, same},
		{"GET /ten", "If-Match: " + tag, same},
		{"GET /ten", "If-Match: W/" + tag, notOf412},
		{"GET /ten", `If-Match: "other"`, notOf412},
		{"GET /ten", "If-Match: *", same},
		{"HEAD /ten", `If-Match: "other"`, notOf412},
		{"GET /nothing", "If-Match: *", otherWords},
		{"GET /ten", "If-Modified-Since: " + date, same},
		{"GET /ten", "If-Modified-Since: " + before, same},
		{"GET /ten", "If-Modified-Since: " + after, same},
		{"GET /ten", "If-Modified-Since: yesterday", same},
		{"GET /ten", "If-Modified-Since: " + old.Format(time.RFC850), same},
		{"GET /ten", "If-Modified-Since: " + old.Format(time.ANSIC), same},
		{"GET /ten", "If-Unmodified-Since: " + date, same},
		{"GET /ten", "If-Unmodified-Since: " + before, notOf412},
		{"GET /ten", "If-Unmodified-Since: " + after, same},
		{"GET /ten", "If-Unmodified-Since: yesterday", same},
		{"GET /ten", `If-None-Match: "other"` + "\nIf-Modified-Since: " + date, same},
		{"GET /ten", "If-None-Match: " + tag + "\nIf-Modified-Since: " + before, same},
		{"GET /ten", "If-Match: " + tag + "\nIf-Unmodified-Since: " + before, same},
		{"GET /ten", "If-Match: " + tag + "\nIf-None-Match: " + tag, same},
		{"GET /ten", `If-Match: "other"` + "\nIf-None-Match: " + tag, notOf412},
		{"GET /ten", "If-Unmodified-Since: " + before + "\nIf-None-Match: " + tag, notOf412},
		{"GET /ten", "If-None-Match: " + tag + "\nRange: bytes=100-", same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: " + tag, same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: W/" + tag, same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: \"other\"", same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: " + date, same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: " + before, same},
		{"GET /ten", "Range: bytes=1-2\nIf-Range: " + after, same},
		{"GET /ten", "Range: bytes=100-\nIf-Range: \"other\"", same},
		{"GET /ten", "Range: bytes=1-2\nIf-Modified-Since: " + date, same},
		{"GET /ten", "Range: bytes=1-2\nIf-Match: " + tag, same},

		// methods
		{"POST /ten", "Content-Length: 0", onlyGET},
		{"DELETE /ten", "", onlyGET},
		{"OPTIONS /ten", "", onlyGET},
	} {
		name := x.line + " " + strings.ReplaceAll(x.fields, "\n", "; ")
		t.Run(name[:min(len(name), 80)], func(t *testing.T) {
			got, want := plain(get(t, r.addr, x.line, x.fields)), plain(get(t, rival, x.line, x.fields))
			diff := got.differs(want)
			switch {
			case x.deviates == same && diff != "":
				t.Error(diff)
			case x.deviates == otherWords && got.status != want.status:
				t.Error(diff)
			case x.deviates != same && diff == "":
				t.Errorf("no difference, in spite of %q", x.deviates)
			case x.deviates != same:
				t.Logf("%s: %s", x.deviates, diff)
			}
		})
	}
}

// rivalOf is net/http's file server of a folder, with our ETag and Cache-Control: it has none of its own, but weighs them.
func rivalOf(t *testing.T, dir string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	next := http.FileServer(http.Dir(dir))
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slash := strings.HasSuffix(r.URL.Path, "/")
		name := filepath.Join(dir, path.Clean("/"+r.URL.Path))
		info, err := os.Stat(name)
		if err == nil && info.IsDir() && slash {
			info, err = os.Stat(filepath.Join(name, "index.html"))
			slash = false
		}
		if err == nil && info.Mode().IsRegular() && !slash && !strings.HasSuffix(r.URL.Path, "/index.html") { // it is served
			w.Header().Set("ETag", `"`+strconv.FormatInt(info.ModTime().UnixNano(), 36)+"-"+strconv.FormatInt(info.Size(), 36)+`"`)
			w.Header().Set("Cache-Control", "max-age=60")
		}
		next.ServeHTTP(w, r)
	})}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

// compared are the fields that count. Who says 412 keeps the connection by other rules, and so on.
var compared = []string{
	"Accept-Ranges", "Allow", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Etag", "Last-Modified", "Location",
	"X-Content-Type-Options", "Transfer-Encoding",
}

var boundary = regexp.MustCompile(`[0-9a-f]{60}`)

// plain is an answer without what differs by chance.
func plain(a answer) answer {
	if kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type")); kind == "multipart/byteranges" {
		a.header.Set("Content-Type", boundary.ReplaceAllString(a.header.Get("Content-Type"), "-"))
		a.body = boundary.ReplaceAllString(a.body, "-")
	}
	return a
}

// differs says in what a is not b.
func (a answer) differs(b answer) string {
	var diff []string
	if a.status != b.status {
		diff = append(diff, strconv.Itoa(a.status)+" and there "+strconv.Itoa(b.status))
	}
	for _, name := range compared {
		if x, y := a.header.Values(name), b.header.Values(name); !slices.Equal(x, y) {
			diff = append(diff, name+" is "+strings.Join(x, "|")+" and there "+strings.Join(y, "|"))
		}
	}
	if a.err != nil || b.err != nil {
		diff = append(diff, "one is cut off")
	}
	if a.body != b.body {
		diff = append(diff, "the body is "+strconv.Quote(a.body[:min(len(a.body), 100)])+" and there "+strconv.Quote(b.body[:min(len(b.body), 100)]))
	}
	return strings.Join(diff, "; ")
}
