// Package h1 reads and writes HTTP/1.1 without any I/O: bytes in, callbacks out, and back again.
//
//	type targets struct{ h1.Nop } // a Handler of what it names, and of nothing else
//
//	func (targets) OnURL(p []byte, last bool) { fmt.Printf("%s", p) }
//
//	var p h1.Parser
//	p.Reset(h1.Request, targets{}, nil)
//	n, err := p.Execute(data) // as it comes: the next bytes go on where these have ended
//	err = p.Finish()          // when no more will come
//
// A [Parser] is given what arrives, in pieces of any size, and tells its [Handler] of methods, targets, fields and bodies as
// spans of the input, after llhttp. It is as strict as RFC 9112 allows, and has no switch that makes it less so: what
// another server could read in another way is refused, since that is how requests are smuggled. What it refuses it
// refuses with an [Error] that has a code, the byte's place, a reason, whose fault it was and a status to answer. All that
// a peer can send besides a body and the sizes of its chunks is bounded by [Limits].
//
// The encoder is the mirror: the Append functions write start lines, fields and chunks behind one another into a slice of
// the caller's. They refuse what would not be read back as what was meant, and then write nothing.
//
// # Rules
//
//   - A Parser belongs to one goroutine, and keeps no byte of its input. A span is borrowed for the callback that it is given to.
//   - It makes no difference how the input is cut, but for the number of spans; last tells the end of one that was cut.
//   - A callback may Pause, which stops Execute behind it: that is how a body's reader holds its connection back.
//   - What is refused stays refused: Execute returns the same error from then on. What is behind an Upgrade is not looked at.
//   - Nothing is allocated but errors.
//
// Package httpcore is this with connections. docs/http.md has each requirement of RFC 9112, what is done about it and where that is tested.
package h1
