package loop

import (
	"reflect"

	"github.com/weir-go/weir/reactor"
)

// MemoryBound is the most memory, in bytes, that a Loop with these options holds besides its handles and connections: what its reactor
// does, and the queues that keep their memory for the next burst. What is queued beyond that is the doing of who queues it: nothing
// bounds the ticks and posts of a program. Any goroutine may ask.
func (o Options) MemoryBound() int {
	item := reflect.TypeFor[tick]().Size()       // ticks
	item += reflect.TypeFor[func()]().Size()     // what is called at a turn's end
	item += 2 * reflect.TypeFor[letter]().Size() // what is posted: two lists that take turns
	item += reflect.TypeFor[*handle]().Size()    // those that are closing
	item += reflect.TypeFor[*Timer]().Size()     // timers that are due
	slots := wheelSlots * reflect.TypeFor[*Deadlines]().Size()
	return int(reflect.TypeFor[Loop]().Size()+slots) + maxKept*int(item) + reactor.Options{ReadBuffer: o.ReadBuffer}.MemoryBound()
}

// ConnBound is the most memory, in bytes, that a connection of a loop holds while waiting bytes lie in its queue, in so many writes, and
// behind them a last write of so many bytes: see reactor.ConnBound.
func ConnBound(waiting, writes, last int) int { return reactor.ConnBound(waiting, writes, last) }
