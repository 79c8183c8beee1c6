package loop

import (
	"time"

	"github.com/weir-go/weir/reactor"
)

// Options say how a Loop is made. The zero value is good.
type Options struct {
	// Kernel is what the loop runs on, and owns. The default is the system's; tests give a simulated one.
	Kernel reactor.Kernel
	// Pinned says that the goroutine which calls Run has locked its thread (runtime.LockOSThread). A dry loop then
	// blocks in the kernel instead of parking its goroutine, which would cost a switch of threads at every wait.
	Pinned bool
	// ReadBuffer is the size in bytes of the one buffer all connections of the loop read into. The default is 64 KiB.
	ReadBuffer int
	// Pool runs the loop's work and look-ups. The default is one that all loops share, of 4 goroutines.
	Pool *Pool
	// Resolver looks names up. The default is one that all loops share, which keeps no answers.
	Resolver *Resolver
	// OnUncaught is told of errors that nobody listens for. The default logs them.
	OnUncaught func(error)
	// OnPanic is told of panics in callbacks, after what they belonged to has been reset. The default logs them with
	// their stack.
	OnPanic func(*PanicError)
	// Repanic lets panics in callbacks end the program, as they would without a loop.
	Repanic bool
	// SlowCallback is how long a callback may take, all that it causes included, before OnSlow is told and
	// Metrics.SlowCallbacks counts it. The default, 0, is that nobody looks, which costs nothing. Otherwise there is a
	// goroutine while the loop runs, and each turn costs a reading of the clock and an atomic store, two more if it
	// belongs to a connection. Waiting is no callback; being kept from the processor by others counts as the callback's.
	SlowCallback time.Duration
	// OnSlow is told of a callback that takes longer than SlowCallback, once, while it still runs. It is called on a
	// goroutine of its own, before Run returns: it must not wait for the loop. Taking the stack stops the program for
	// some microseconds for every goroutine there is. The default logs.
	OnSlow func(SlowCallback)
}
