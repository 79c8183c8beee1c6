//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import "os"

// System returns the real kernel: epoll on Linux, kqueue elsewhere. It fails when a descriptor for the poller cannot be
// had (EMFILE, ENFILE, ENOMEM).
func System(o SystemOptions) (Kernel, error) {
	p, err := newPoller(o)
	if err != nil {
		return nil, err
	}
	return &system{poller: p}, nil
}

// system is the real Kernel; each part is in a file of its own.
type system struct {
	*poller
	sockets
	pipes
	files
	clock
}

// sockets is the real Sockets. It keeps nothing but scratch.
type sockets struct{ scratch scratch }

// Work leaves work to package loop.
func (*system) Work(bool, func()) func() { return nil }

// Notify leaves signals to package loop.
func (*system) Notify(os.Signal, func()) func() { return nil }
