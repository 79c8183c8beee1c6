package simkernel

// DatagramStats is what has become of every datagram: those sent are those received, dropped, refused, in a queue
// (Waiting) or on their way, where a duplicate counts as one more. Multicast counts as often as it was delivered.
type DatagramStats struct {
	Sent       int // the kernel took it from the sender
	Received   int // Receive has given it out
	Duplicated int // Faults.Duplicate made one more of it
	Dropped    int // Faults.Drop, or a BlackHole
	Overflowed int // the receiver's buffer was full
	Refused    int // nobody listened: the sender may have been told
	Discarded  int // the receiver closed with it in its queue
	Truncated  int // of those received, the ones that were cut short
	Waiting    int // in a queue now
	Flying     int // on the wire now
}

// Datagrams counts the datagrams since the world began.
func (w *World) Datagrams() DatagramStats {
	st := w.dgrams
	for _, s := range w.udp {
		st.Waiting += len(s.udp.queue)
	}
	return st
}

// Missing is the number of datagrams that nothing above explains; it is 0.
func (st DatagramStats) Missing() int {
	return st.Sent + st.Duplicated - st.Received - st.Dropped - st.Overflowed - st.Refused - st.Discarded - st.Waiting - st.Flying
}
