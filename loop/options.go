package loop

import "github.com/weir-go/weir/reactor"

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
}
