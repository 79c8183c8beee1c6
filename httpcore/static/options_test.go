package static_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/static"
)

func (a answer) has(t *testing.T, name, want string) {
	t.Helper()
	if got := a.header.Get(name); got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"file": "x"})
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE"} {
		a := r.wants(method+" /file", "", 405, "Method Not Allowed\n")
		a.has(t, "Allow", "GET, HEAD, OPTIONS")
	}
	for _, path := range []string{"/file", "/nothing", "*"} {
		r.wants("OPTIONS "+path, "", 204, "").has(t, "Allow", "GET, HEAD, OPTIONS")
	}
	a := get(t, r.addr, "PUT /file", "Content-Length: 5\n\nhello") // with its body behind
	if a.status != 405 {
		t.Errorf("got %d, want 405", a.status)
	}
}

func TestABadEscapeIsABadRequest(t *testing.T) {
	r := newRig(t, static.Options{}, nil)
	for _, path := range []string{"/%", "/%z", "/a%2", "/%00", "/%zz/..", "/dir/%", "/a%2fb/%"} {
		r.wants("GET "+path, "", 400, "Bad Request\n")
	}
}

func TestRedirectionsAreRightBehindAPrefix(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"dir/index.html": "index", "index.html": "root", "file": "x", "co:lon/x": "", "a?b/x": ""})
	for path, location := range map[string]string{
		"/prefix": "prefix/", "/prefix?a": "prefix/?a", "/prefix/dir": "dir/", "/prefix/dir?a=b?c": "dir/?a=b?c", "/prefix/dir/index.html": "./",
		"/prefix/file/": "../file", "/prefix/dir/../file/": "../file", "/prefix/dir/.": "./", "/prefix/co:lon": "./co:lon/", "/prefix/co%3Alon": "co%3Alon/",
		"/prefix/a%3Fb": "a%3Fb/", "//dir": "dir/", "/prefix//dir": "dir/",
	} {
		a := r.wants("GET "+path, "", 301, "")
		a.has(t, "Location", location)
	}
	r.wants("GET /prefix/", "", 200, "root")
	r.wants("GET /prefix/dir/", "", 200, "index")
	r.wants("GET /prefix/file", "", 200, "x")
	r.wants("GET /prefix/file/.", "", 200, "x")
	r.wants("GET /prefix/file/./", "", 404, "Not Found\n")
	r.wants("GET /prefixfile", "", 400, "Bad Request\n") // no slash behind the prefix: nobody should ask that of us
}

func TestWithoutRedirectionsEveryPathIsServed(t *testing.T) {
	r := newRig(t, static.Options{NoRedirect: true, Index: "start"}, map[string]string{"dir/start": "index", "file": "x", "bare/x": ""})
	r.wants("GET /dir", "", 200, "index")
	r.wants("GET /dir/", "", 200, "index")
	r.wants("GET /dir/start", "", 200, "index")
	r.wants("GET /file/", "", 404, "Not Found\n")
	r.wants("GET /bare", "", 404, "Not Found\n")
}

func TestAFolderWithoutAnIndexIsNotFound(t *testing.T) {
	r := newRig(t, static.Options{NoIndex: true}, map[string]string{"dir/index.html": "index"})
	r.wants("GET /dir/", "", 404, "Not Found\n")
	r.wants("GET /dir/index.html", "", 200, "index") // it is a file like others
	r.wants("GET /dir", "", 301, "")
}

func TestAnIndexThatIsAFolderIsNone(t *testing.T) {
	r := newRig(t, static.Options{Listing: true}, map[string]string{"dir/index.html/x": ""})
	if a := r.get("GET /dir/", ""); a.status != 200 || !strings.Contains(a.body, "index.html/") {
		t.Errorf("got %d %q, want a list", a.status, a.body)
	}
}

func TestTypesOfOnesOwnComeFirst(t *testing.T) {
	types := map[string]string{".md": "text/markdown", ".html": "text/plain"}
	r := newRig(t, static.Options{Types: types}, map[string]string{"a.md": "x", "b.HTML": "x", "c": "text", "d.unknown": "text"})
	for name, want := range map[string]string{
		"a.md": "text/markdown", "b.HTML": "text/plain", "c": "text/plain; charset=utf-8", "d.unknown": "text/plain; charset=utf-8",
	} {
		r.wants("HEAD /"+name, "", 200, "").has(t, "Content-Type", want)
	}
}

func TestWithoutSniffingNobodyGuesses(t *testing.T) {
	r := newRig(t, static.Options{NoSniff: true}, map[string]string{"page": "<html>", "page.html": "<html>"})
	a := r.wants("GET /page", "", 200, "<html>")
	a.has(t, "Content-Type", "application/octet-stream")
	a.has(t, "X-Content-Type-Options", "nosniff")
	a = r.wants("GET /page.html", "", 200, "<html>")
	a.has(t, "Content-Type", "text/html; charset=utf-8")
	a.has(t, "X-Content-Type-Options", "nosniff")
}

func TestDotFilesAreServedIfAskedFor(t *testing.T) {
	r := newRig(t, static.Options{DotFiles: true, Listing: true}, map[string]string{".git/config": "x", ".env": "y"})
	r.wants("GET /.git/config", "", 200, "x")
	if a := r.get("GET /", ""); !strings.Contains(a.body, `".env"`) || !strings.Contains(a.body, `".git/"`) {
		t.Errorf("the list is %q", a.body)
	}
	r = newRig(t, static.Options{Listing: true}, map[string]string{".git/config": "x", ".env": "y", "dir/.well-known/x": "", ".well-known/x": "ok"})
	for _, path := range []string{"/.git/config", "/.git/", "/.env", "/%2egit/config", "/dir/../.env", "/dir/.well-known/x", "/.well-known/../.env"} {
		r.wants("GET "+path, "", 404, "Not Found\n")
	}
	r.wants("GET /.well-known/x", "", 200, "ok")
	if a := r.get("GET /", ""); strings.Contains(a.body, ".env") || strings.Contains(a.body, ".git") {
		t.Errorf("the list is %q", a.body)
	}
}

// What has changed within the tick of a clock may change again and look the same.
func TestAFileThatHasJustChangedHasNoStrongValidator(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"file": "0123456789"})
	name := filepath.Join(r.dir, "file")
	date := func(at time.Time) {
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	date(time.Now().Add(time.Hour)) // by the clock of the machine that has written it
	a := r.wants("GET /file", "", 200, "0123456789")
	tag := a.header.Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) {
		t.Errorf("the ETag is %s, want a weak one", tag)
	}
	if at, err := http.ParseTime(a.header.Get("Last-Modified")); err != nil || at.After(time.Now()) {
		t.Errorf("it was last modified in the future: %v, %v", at, err)
	}
	r.wants("GET /file", "If-None-Match: "+tag, 304, "")
	r.wants("GET /file", "If-Match: "+tag, 412, "")
	r.wants("GET /file", "Range: bytes=0-1\nIf-Range: "+tag, 200, "0123456789")
	r.wants("GET /file", "Range: bytes=0-1\nIf-Range: "+a.header.Get("Last-Modified"), 200, "0123456789")
	r.wants("GET /file", "Range: bytes=0-1", 206, "01")
	date(old)
	strong := r.get("HEAD /file", "").header.Get("ETag")
	r.wants("GET /file", "If-Match: "+strong, 200, "0123456789")
	date(old.Add(1)) // a nanosecond
	r.wants("GET /file", "If-Match: "+strong, 412, "")
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 0)} {
		date(at)
		a = r.wants("GET /file", "If-Modified-Since: "+old.Format(http.TimeFormat), 200, "0123456789")
		a.has(t, "ETag", "")
		a.has(t, "Last-Modified", "")
		r.wants("GET /file", "If-Match: *", 200, "0123456789")
		r.wants("GET /file", "If-Match: "+strong, 412, "")
		r.wants("GET /file", "Range: bytes=0-1\nIf-Range: "+strong, 200, "0123456789")
	}
	date(time.Unix(-86400, 0)) // a date like others
	r.wants("GET /file", "If-Modified-Since: "+old.Format(http.TimeFormat), 304, "")
}

var link = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)

func TestAListingIsSortedEscapedAndBounded(t *testing.T) {
	r := newRig(t, static.Options{Listing: true}, map[string]string{
		"dir/b": "", "dir/a/": "", "dir/<script>": "", "dir/q?u#o\"te": "", "dir/a&b": "", "dir/co:lon": "", "dir/a.txt": "", "dir/per%cent": "", "dir/it's": "", "many/": "",
	})
	a := r.get("GET /dir/", "")
	a.has(t, "Content-Type", "text/html; charset=utf-8")
	var links, texts []string
	for _, m := range link.FindAllStringSubmatch(a.body, -1) {
		links, texts = append(links, m[1]), append(texts, m[2])
	}
	if want := []string{"../", "%3Cscript%3E", "a/", "a&amp;b", "a.txt", "b", "./co:lon", "it%27s", "per%25cent", "q%3Fu%23o%22te"}; !slices.Equal(links, want) {
		t.Errorf("the links are\n%q, want\n%q", links, want)
	}
	if want := []string{"../", "&lt;script&gt;", "a/", "a&amp;b", "a.txt", "b", "co:lon", "it&#39;s", "per%cent", "q?u#o&#34;te"}; !slices.Equal(texts, want) {
		t.Errorf("the names are\n%q, want\n%q", texts, want)
	}
	r.wants("HEAD /dir/", "", 200, "").has(t, "Content-Length", fmt.Sprint(len(a.body)))
	for i := range 10_001 {
		if err := os.WriteFile(filepath.Join(r.dir, "many", fmt.Sprintf("%05d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a = r.get("GET /many/", "")
	all := link.FindAllStringSubmatch(a.body, -1)
	sorted := slices.IsSortedFunc(all, func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	if a.err != nil || len(all) != 10_001 || !sorted || !strings.HasSuffix(a.body, "</pre>\n<p>And others.</p>\n") { // the one above among them
		t.Errorf("got %d links, sorted: %t, with %q behind; %v", len(all), sorted, a.body[len(a.body)-30:], a.err)
	}
	r.wants("HEAD /many/", "", 200, "")
	if err := os.Remove(filepath.Join(r.dir, "many", all[1][1])); err != nil {
		t.Fatal(err)
	}
	if a = r.get("GET /many/", ""); len(link.FindAllString(a.body, -1)) != 10_001 || strings.Contains(a.body, "others") {
		t.Error("ten thousand are not listed whole")
	}
}

func TestAnIndexIsAName(t *testing.T) {
	for _, index := range []string{"a/b", "../x", "..", ".", "a\x00"} {
		if h, err := static.New(t.TempDir(), static.Options{Index: index}); err == nil {
			h.Close()
			t.Errorf("%q is taken", index)
		}
	}
	if _, err := static.New(filepath.Join(t.TempDir(), "nothing"), static.Options{}); !os.IsNotExist(unwrapped(err)) {
		t.Errorf("got %v", err)
	}
}

func unwrapped(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return err
}
