package httpcore

// A head, and a trailer section, as it is received: gathered as lines that a message keeps as one string.

// OnVersion is what the parser calls; it is asked for later.
func (w *wire) OnVersion(_, minor int) { w.minor = uint8(minor) }

// OnHeaderField is what the parser calls.
func (w *wire) OnHeaderField(p []byte, last bool) { w.gather(p, last, ':') }

// OnHeaderValue is what the parser calls.
func (w *wire) OnHeaderValue(p []byte, last bool) {
	w.head = append(w.head, p...)
	if !last {
		return
	}
	n := len(w.head)
	for w.head[n-1] == ' ' || w.head[n-1] == '\t' {
		n--
	}
	w.head = append(w.head[:n], '\n')
}

// OnChunkExtensionName is what the parser calls; extensions mean nothing to us.
func (w *wire) OnChunkExtensionName([]byte, bool) {}

// OnChunkExtensionValue is what the parser calls.
func (w *wire) OnChunkExtensionValue([]byte, bool) {}

// OnChunkHeader is what the parser calls. Behind the last chunk comes the trailer section.
func (w *wire) OnChunkHeader(size uint64) {
	if size == 0 {
		w.beginHead()
	}
}

// OnChunkComplete is what the parser calls.
func (w *wire) OnChunkComplete() {}

// beginHead takes the memory that a head is gathered in.
func (w *wire) beginHead() { w.head, w.sh.heads = w.sh.heads[:0], nil }

func (w *wire) gather(p []byte, last bool, end byte) {
	w.head = append(w.head, p...)
	if last {
		w.head = append(w.head, end)
	}
}

// taken returns what was gathered, and gives its memory to the next head.
func (w *wire) taken() string {
	s := string(w.head)
	if cap(w.head) <= maxHeadKept {
		w.sh.heads = w.head[:0]
	}
	w.head = nil
	return s
}

// tail is the trailer section that was gathered, if there was one.
func (w *wire) tail() string {
	if w.head == nil {
		return ""
	}
	return w.taken()
}

// maxHeadKept is how much memory is kept for the next head.
const maxHeadKept = 16 << 10
