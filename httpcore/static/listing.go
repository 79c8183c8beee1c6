package static

import (
	"html"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/weir-go/weir/stream"
)

// maxListed is how many entries of a folder a listing has: a megabyte or two of memory for as long as it is sent. The
// others are there, and whoever looks for one of them knows its name.
const maxListed = 10_000

// readAtOnce is how many entries are read at a time.
const readAtOnce = 500

// listing is a page that is being made, piece by piece, for whoever reads it.
type listing struct {
	names []string // sorted; of folders with a slash behind them
	more  bool     // there are others
	at    int      // the next line: the head, the names, the foot; behind that it is over
}

// list answers with the entries of f, in one piece if they are few. A page has no validators: what it leaves out, and what
// becomes of a link, is no matter of the folder's date.
func (q *inquiry) list(f *os.File) error {
	page := &listing{}
	if len(q.target.names) > 0 {
		page.names = append(page.names, "../")
	}
	if err := page.read(f, q.h.o); err != nil {
		return err
	}
	q.status, q.length = 200, -1
	q.add("Content-Type", "text/html; charset=utf-8")
	q.add("X-Content-Type-Options", "nosniff")
	b := stream.NewBlock(shortBody)
	n := page.fill(b.Bytes())
	switch {
	case page.over():
		q.length = int64(n)
	case q.head:
	default:
		page.at = 0
		q.page = page
	}
	if q.page != nil || q.head {
		b.Release()
		return nil
	}
	b.Truncate(n)
	q.body = b
	return nil
}

// read reads the names of what would be served.
func (p *listing) read(f *os.File, o Options) error {
	first := len(p.names)
	for {
		entries, err := f.ReadDir(readAtOnce)
		for _, e := range entries {
			name, mode := e.Name(), e.Type()
			switch {
			case name[0] == '.' && !o.DotFiles, !served(mode) && (mode&fs.ModeSymlink == 0 || o.NoSymlinks):
				continue
			case len(p.names)-first == maxListed:
				p.more = true
			case mode.IsDir():
				p.names = append(p.names, name+"/")
			default:
				p.names = append(p.names, name)
			}
		}
		if err == io.EOF || p.more {
			slices.SortFunc(p.names[first:], func(a, b string) int {
				return strings.Compare(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
			})
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// longestLine is more than a line can have: a name twice, each byte of it escaped.
const longestLine = 2*6*(maxName+2) + 64

// fill writes as many lines as certainly fit.
func (p *listing) fill(room []byte) int {
	b := room[:0]
	for !p.over() && len(b)+longestLine <= len(room) {
		b = p.line(b)
		p.at++
	}
	return len(b)
}

func (p *listing) over() bool { return p.at == len(p.names)+2 }

func (p *listing) line(b []byte) []byte {
	switch {
	case p.at == 0:
		return append(b, "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Files</title>\n<pre>\n"...)
	case p.at <= len(p.names):
		name := p.names[p.at-1]
		link := url.URL{Path: name}
		b = append(b, "<a href=\""...)
		b = append(b, html.EscapeString(link.String())...)
		b = append(b, "\">"...)
		b = append(b, html.EscapeString(name)...)
		return append(b, "</a>\n"...)
	case p.more:
		return append(b, "</pre>\n<p>And others.</p>\n"...)
	}
	return append(b, "</pre>\n"...)
}
