package stream

// lasts says how long a chunk's bytes stay as they are, by the word of whoever gave them.
type lasts uint8

const (
	lastsCall lasts = iota // until the call returns: Write
	lastsTurn              // until the turn ends: Push, WriteBorrowed
	lastsOn                // for good: PushOwned, WriteOwned, and what lies in a block of ours
)

// chunk is bytes on their way. In a queue they last for a turn at least: what lasts for a call is copied when it comes.
type chunk struct {
	p     []byte
	b     *Block // what p lies in, if that is ours to give back
	lasts lasts
}

// seal makes a chunk last, by copying it, once.
func (c *chunk) seal() {
	if c.lasts == lastsOn {
		return
	}
	c.b = keep(c.p)
	c.p, c.lasts = c.b.buf, lastsOn
}

// empty is what stands for no bytes where nil would stand for nothing at all.
var empty = []byte{}
