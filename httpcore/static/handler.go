package static

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore"
)

// Options say what is served of a folder, and how. The zero value is careful: no listings, no dot files.
type Options struct {
	// Index is the file that is served for a folder; "" means index.html. It is a name, without a slash.
	Index string
	// NoIndex serves no file for a folder.
	NoIndex bool
	// Listing serves a page of links for a folder without an Index, sorted by name, of its first 10,000 entries. Otherwise
	// such a folder is not found.
	Listing bool
	// DotFiles serves and lists names that begin with a dot. Otherwise they are not found, .well-known at the root excepted.
	DotFiles bool
	// NoSymlinks has symbolic links not be found, nor what is behind them. Otherwise those that stay below the root are
	// followed. It is a look at each name before it is opened, and costs a system call for each: who can make links at
	// the same moment may win against it, and still gets no further than the root.
	NoSymlinks bool
	// NoRedirect serves a folder's Index whether or not the path ends with a slash, and by its own name too. Otherwise there
	// is one path for each: /dir leads to /dir/, /dir/index.html there too, and /file/ to /file. Links inside a page go
	// wrong where its folder is served without the slash.
	NoRedirect bool
	// NoSniff has what the extension does not tell be application/octet-stream, without a look into the file, and tells
	// browsers not to guess either (X-Content-Type-Options).
	NoSniff bool
	// NoSendFile has the bytes of files be read and written, also where the kernel could send them by itself: see
	// files.ReadOptions. It is for files that are changed in their place while they are served.
	NoSendFile bool
	// CacheControl is the Cache-Control field of files, in a 304 too; "" sends none.
	CacheControl string
	// Types are the Content-Types of extensions, ".md" say, in lower case, before those that the system knows (package mime).
	// The map must not be changed any more.
	Types map[string]string
}

// Handler serves a folder.
type Handler struct {
	root *os.Root
	o    Options
}

// New returns a Handler of the folder at root, which is opened: what is moved to its name later is not seen. It waits for the
// disk, so it belongs before the loops run. It returns what os.OpenRoot does, and an error if o.Index is no name.
func New(root string, o Options) (*Handler, error) {
	if o.Index == "" {
		o.Index = "index.html"
	}
	if strings.ContainsAny(o.Index, "/\x00") || o.Index == "." || o.Index == ".." {
		return nil, fmt.Errorf("static: the index %q is not a name", o.Index)
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("static: %w", err)
	}
	return &Handler{root: r, o: o}, nil
}

// Close lets go of the folder. Files that are being sent are sent to their end; other requests are answered with 500. Any
// goroutine may call it.
func (h *Handler) Close() error { return h.root.Close() }

// Serve answers req with what its path names. It has the signature of Server.OnRequest's function, and is for the loop's
// goroutine. Fields that were set on res before are sent too, unless they are Serve's own.
func (h *Handler) Serve(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	h.ServePath(req, res, req.Path())
}

// ServePath is Serve with another path than the request's, as it is behind a prefix: undecoded, beginning with a slash, or
// empty for the root. Redirections are relative to the request's own path, so they fit any prefix that ends before a slash.
func (h *Handler) ServePath(req *httpcore.IncomingMessage, res *httpcore.ServerResponse, path string) {
	switch req.Method() {
	case "GET", "HEAD":
	case "OPTIONS":
		res.StatusCode = 204
		res.SetHeader("Allow", allowed)
		res.End()
		return
	default:
		res.SetHeader("Allow", allowed)
		refuse(res, 405)
		return
	}
	t, status := parseTarget(path, h.o.DotFiles)
	if status != 0 {
		refuse(res, status)
		return
	}
	if !h.o.NoRedirect && !h.o.NoIndex && !t.folder && len(t.names) > 0 && t.names[len(t.names)-1] == h.o.Index {
		redirect(res, "./", req.RawQuery())
		return
	}
	h.look(req, res, t)
}

// allowed is the value of Allow.
const allowed = "GET, HEAD, OPTIONS"

// refuse answers with a status and its name.
func refuse(res *httpcore.ServerResponse, status int) {
	res.StatusCode = status
	res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	res.SetHeader("X-Content-Type-Options", "nosniff")
	if status == 503 {
		res.SetHeader("Retry-After", "1")
	}
	text := httpcore.StatusText(status) + "\n"
	if res.HasHeader("Content-Length") {
		res.SetHeader("Content-Length", strconv.Itoa(len(text))) // it was another answer's
	}
	res.EndString(text)
}

// redirect leads to another path, for good. The location is relative, so that it is right behind any prefix and any proxy.
func redirect(res *httpcore.ServerResponse, location, query string) {
	if query != "" {
		location += "?" + query
	}
	res.StatusCode = 301
	res.SetHeader("Location", location)
	res.End()
}
