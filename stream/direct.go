package stream

// direct is the one pipe that what the stream gives next goes to, if nobody else sees it: nothing is buffered, nobody
// listens for 'data' or 'readable', and there is one pipe. nil if not so. Whether the stream flows is another question: a
// pipe's destination may just have answered false.
//
// Who has bytes for such a stream that need not be in memory, of a file or of another socket, may have the kernel move
// them to the destination, and nobody can tell.
func (r *Readable) direct() *pipe {
	p := r.pipes
	if p == nil || p.sister != nil || r.ReadableLength() > 0 || r.state != readOpen || r.life.destroyed() || r.life.failed() != nil {
		return nil
	}
	listens := false
	for i := range r.life.items {
		l := &r.life.items[i]
		switch {
		case l.on&(onData|onReadable) == 0:
		case l.on&onReadable != 0 || l.fn != any(p):
			return nil
		default:
			listens = true
		}
	}
	if !listens || r.flags&readListened != 0 {
		return nil
	}
	return p
}
