package stdhttp

import (
	"net/http"
	"strconv"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// early is what of a Response only the loop may look at.
func (x *trip) early() *http.Response {
	m := x.res
	res := &http.Response{StatusCode: m.StatusCode(), ContentLength: m.ContentLength(), Request: x.r}
	res.ProtoMajor, res.ProtoMinor = m.HTTPVersion()
	return res
}

// response makes the rest of it of the message's head, which never changes, as net/http does: Transfer-Encoding and the Trailer
// field of a chunked message are not in Header.
func (x *trip) response(res *http.Response) *http.Response {
	m := x.res
	res.Status = strconv.Itoa(res.StatusCode) + " " + m.StatusMessage()
	res.Proto = proto(res.ProtoMinor)
	none := x.method == http.MethodHead || res.StatusCode < 200 || res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified
	if none && x.method != http.MethodHead {
		res.ContentLength = 0
	}
	f := takeFields(m, m.HasHeader("Transfer-Encoding"))
	res.Header, res.Trailer, res.TransferEncoding = f.header, f.trailer, f.coding
	if f.host != "" {
		res.Header["Host"] = []string{f.host}
	}
	res.Close = f.closes(res.ProtoMinor) || !none && res.ContentLength < 0 && len(f.coding) == 0
	switch b := &x.body; {
	case b.up != nil:
		res.Body = b.up
	case b.empty() && (x.send == sendNone || x.closed.Load()) && (none || len(f.coding) == 0):
		res.Body = http.NoBody
	default:
		b.response = res
		res.Body = b
	}
	return res
}

// onUpgrade is the server having switched to the protocol that was asked for.
func (x *trip) onUpgrade(m *httpcore.IncomingMessage, s *stream.Socket, head []byte) {
	if x.told {
		s.Destroy(nil)
		return
	}
	x.told = true
	x.res = m
	x.body.up = newSwitched(s, head)
	x.tell(news{res: x.early()})
}
