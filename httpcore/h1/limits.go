package h1

// Limits bound every byte that a peer can make us keep or scan. A field that is 0 means its default.
type Limits struct {
	// StartLine is how long a request line or a status line may be, with its CRLF. RFC 9112 section 3 asks for 8000 bytes at
	// least. Default 8 KiB.
	StartLine int
	// Header is how long the header section may be, with all its CRLFs. Node, nginx and HAProxy allow about as much.
	// Default 16 KiB.
	Header int
	// Field is how long one field line may be, with its CRLF. The largest that are met are cookies and tokens, which other
	// servers refuse from 8 KiB on. Default 8 KiB.
	Field int
	// Fields is how many field lines a message may have, its trailer section included. Browsers send some 20; each costs its
	// receiver more than its bytes. Default 100.
	Fields int
	// ChunkLine is how long the line with a chunk's size may be. Without extensions it is 18 bytes. Default 1 KiB.
	ChunkLine int
	// ChunkExtensions is how long all chunk extensions of one message may be: a bound for each chunk is none, as a chunk
	// may hold one byte (CVE-2023-39326, CVE-2024-22019). Default 16 KiB.
	ChunkExtensions int
	// Trailer is how long the trailer section may be, with all its CRLFs. Default 8 KiB.
	Trailer int
	// Interim is how many 1xx responses may come before a final one. Default 16.
	Interim int
}

const (
	defaultStartLine       = 8 << 10
	defaultHeader          = 16 << 10
	defaultField           = 8 << 10
	defaultFields          = 100
	defaultChunkLine       = 1 << 10
	defaultChunkExtensions = 16 << 10
	defaultTrailer         = 8 << 10
	defaultInterim         = 16

	// maxMethod is how long a method may be. The longest that is registered has 17 bytes.
	maxMethod = 32
	// maxEmptyLines is how many empty lines may stand before a request line. RFC 9112 section 2.2 asks for one, which some
	// clients send behind a body.
	maxEmptyLines = 8
	// maxChunkDigits is how many digits a chunk's size may have, leading zeros included: 16 are 64 bits.
	maxChunkDigits = 16
)

// noLimit is a limit that no input reaches.
const noLimit = 1<<64 - 1

func limit(option, byDefault int) uint64 {
	if option == 0 {
		return uint64(byDefault)
	}
	return uint64(option)
}

// check panics if a limit is negative.
func (l *Limits) check() {
	if l.StartLine|l.Header|l.Field|l.Fields|l.ChunkLine|l.ChunkExtensions|l.Trailer|l.Interim < 0 { // the sign of any
		panic("h1: a negative limit")
	}
}

// Sections are the limits of the start line, the header section and the trailer section in bytes, defaults filled in: all of a
// message that somebody may have to keep, its body apart. The receiver may be nil, which is all defaults.
func (l *Limits) Sections() (startLine, header, trailer int) {
	if l == nil {
		l = &defaultLimits
	}
	return int(l.startLine()), int(l.header()), int(l.trailer())
}

func (l *Limits) startLine() uint64       { return limit(l.StartLine, defaultStartLine) }
func (l *Limits) header() uint64          { return limit(l.Header, defaultHeader) }
func (l *Limits) field() uint64           { return limit(l.Field, defaultField) }
func (l *Limits) fields() uint64          { return limit(l.Fields, defaultFields) }
func (l *Limits) chunkLine() uint64       { return limit(l.ChunkLine, defaultChunkLine) }
func (l *Limits) chunkExtensions() uint64 { return limit(l.ChunkExtensions, defaultChunkExtensions) }
func (l *Limits) trailer() uint64         { return limit(l.Trailer, defaultTrailer) }
func (l *Limits) interim() uint64         { return limit(l.Interim, defaultInterim) }

var defaultLimits Limits
