package static

import (
	"net/url"
	"strings"
)

// target is what a path names, below the root.
type target struct {
	names  []string // of folders and at last of a file, decoded; none for the root
	folder bool     // the path ends with a slash
	last   string   // its last segment that is not empty, as it came: what a redirection says
}

// maxName is how long a name may be on the systems we know; one that is longer is that of nothing.
const maxName = 255

// parseTarget takes a path apart, or says with which status it is refused. The segments are decoded one by one, so that
// an encoded slash separates nothing: it is part of a name that no file can have. Dot segments are removed as RFC 3986
// section 5.2.4 says, encoded ones too, since a dot is the same whether or not it is encoded.
func parseTarget(path string, dotFiles bool) (t target, status int) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok && path != "" {
		return t, 400 // "*", say
	}
	t.folder = ok
	for segment := range strings.SplitSeq(rest, "/") {
		t.folder = ok && segment == ""
		if segment == "" {
			continue
		}
		t.last = segment
		name, err := url.PathUnescape(segment)
		switch {
		case err != nil, strings.IndexByte(name, 0) >= 0:
			return t, 400
		case strings.Contains(name, "/"), len(name) > maxName:
			status = 404 // unless something is worse
		case name == ".":
		case name == "..":
			if n := len(t.names); n > 0 {
				t.names = t.names[:n-1]
			}
		default:
			t.names = append(t.names, name)
		}
	}
	if status == 0 && !dotFiles && t.hidden() {
		status = 404
	}
	return t, status
}

// hidden reports whether a name begins with a dot. .well-known at the root is made for being seen: RFC 8615.
func (t target) hidden() bool {
	for i, name := range t.names {
		if name[0] == '.' && (i > 0 || name != ".well-known") {
			return true
		}
	}
	return false
}

// name is what an os.Root calls the target.
func (t target) name() string {
	if len(t.names) == 0 {
		return "."
	}
	return strings.Join(t.names, "/")
}

// asFolder is the location of a folder whose path has no slash at its end.
func (t target) asFolder(path string) string {
	last := t.last
	if last == "" { // the root, behind a prefix
		last = path[strings.LastIndexByte(path, '/')+1:]
	}
	if strings.Contains(last, ":") {
		last = "./" + last // or it would be a scheme: RFC 3986 section 4.2
	}
	return last + "/"
}
