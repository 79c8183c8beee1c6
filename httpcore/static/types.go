package static

import (
	"bytes"
	"mime"
	"os"
	"path"
	"strings"
)

// octets is the type of what is not known.
const octets = "application/octet-stream"

// typeOf is the Content-Type of a file: by its extension, or else by how it begins.
func (h *Handler) typeOf(f *os.File, name string) (string, error) {
	ext := path.Ext(name)
	if t := h.o.Types[strings.ToLower(ext)]; t != "" {
		return t, nil
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t, nil
	}
	if h.o.NoSniff {
		return octets, nil
	}
	begin := make([]byte, sniffed)
	n, err := f.ReadAt(begin, 0)
	if n == 0 && err != nil && shorter(err) == err {
		return "", err
	}
	return sniff(begin[:n]), nil
}

// sniffed is how much of a file is looked at: what browsers look at.
const sniffed = 512

// signature is how files of a type begin. A dot is any byte.
type signature struct{ begins, contentType string }

// signatures are those of what is often found without an extension, out of the WHATWG's MIME Sniffing section 6 and 7.
var signatures = []signature{
	{"%PDF-", "application/pdf"},
	{"%!PS-Adobe-", "application/postscript"},
	{"\xfe\xff..", "text/plain; charset=utf-16be"},
	{"\xff\xfe..", "text/plain; charset=utf-16le"},
	{"\xef\xbb\xbf", "text/plain; charset=utf-8"},
	{"\x89PNG\r\n\x1a\n", "image/png"},
	{"\xff\xd8\xff", "image/jpeg"},
	{"GIF87a", "image/gif"},
	{"GIF89a", "image/gif"},
	{"RIFF....WEBPVP", "image/webp"},
	{"RIFF....WAVE", "audio/wave"},
	{"RIFF....AVI ", "video/avi"},
	{"BM", "image/bmp"},
	{"\x00\x00\x01\x00", "image/x-icon"},
	{"OggS\x00", "application/ogg"},
	{"ID3", "audio/mpeg"},
	{"MThd\x00\x00\x00\x06", "audio/midi"},
	{"....ftypmp4", "video/mp4"},
	{"\x1aE\xdf\xa3", "video/webm"},
	{"wOFF", "font/woff"},
	{"wOF2", "font/woff2"},
	{"\x1f\x8b\x08", "application/x-gzip"},
	{"PK\x03\x04", "application/zip"},
	{"Rar!\x1a\x07\x00", "application/x-rar-compressed"},
	{"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"},
	{"\x00asm", "application/wasm"},
}

// marks are the tags that only pages begin with.
var marks = []string{
	"<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE", "<A", "<STYLE", "<TITLE", "<B", "<BODY", "<BR", "<P", "<!--",
}

// sniff tells a type by how a file begins, in the spirit of what browsers do, and of http.DetectContentType.
func sniff(begin []byte) string {
	text := bytes.TrimLeft(begin, " \t\n\f\r")
	for _, m := range marks {
		if len(text) > len(m) && strings.EqualFold(string(text[:len(m)]), m) && (m == "<!--" || text[len(m)] == ' ' || text[len(m)] == '>') {
			return "text/html; charset=utf-8"
		}
	}
	if bytes.HasPrefix(text, []byte("<?xml")) {
		return "text/xml; charset=utf-8"
	}
	for _, s := range signatures {
		if s.of(begin) {
			return s.contentType
		}
	}
	for _, c := range begin {
		if c < ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r' && c != 0x1b {
			return octets
		}
	}
	return "text/plain; charset=utf-8"
}

func (s signature) of(begin []byte) bool {
	if len(begin) < len(s.begins) {
		return false
	}
	for i, c := range []byte(s.begins) {
		if c != '.' && c != begin[i] {
			return false
		}
	}
	return true
}
