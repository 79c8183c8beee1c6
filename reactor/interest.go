package reactor

import "strings"

// Interest is the set of readiness that is wanted of a descriptor. It may be empty. Setting it costs nothing: what the
// kernel must be told is worked out once an iteration, right before waiting.
type Interest uint8

const (
	// WantRead asks to be told when bytes, the end of input or an error can be read.
	WantRead Interest = 1 << iota
	// WantWrite asks to be told when the kernel takes bytes again, or a connect has finished.
	WantWrite
	// WantEnd asks to be told when the peer will send no more. It is for Poll: who reads finds the end by reading.
	WantEnd
	// WantPriority asks to be told of out-of-band data, and of what else the system calls urgent. It is for Poll.
	WantPriority
)

// String returns the names of the members, joined by "|"; "none" if there are none.
func (i Interest) String() string {
	return setString(uint8(i), "WantRead", "WantWrite", "WantEnd", "WantPriority")
}

// setString names the bits of a small set, lowest first.
func setString(set uint8, names ...string) string {
	var b strings.Builder
	for i, name := range names {
		if set&(1<<i) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('|')
		}
		b.WriteString(name)
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()
}
