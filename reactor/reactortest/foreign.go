package reactortest

import (
	"github.com/weir-go/weir/reactor"
)

// foreign is a descriptor that the reactor does not own, and the Poll of it.
type foreign struct {
	*reactor.Poll
	e    *env
	file reactor.File
	fd   int
	p    Peer
	got  []reactor.Readiness
	errs []error
}

// inherit is a foreign descriptor that nobody watches.
func (e *env) inherit() *foreign {
	e.Helper()
	f, p := e.InheritConn(e.network)
	v := &foreign{e: e, file: f, p: p}
	raw, err := f.SyscallConn()
	e.must(err)
	e.must(raw.Control(func(fd uintptr) { v.fd = int(fd) }))
	return v
}

// poll is inherit with a Poll, which has not been started.
func (e *env) poll() *foreign {
	e.Helper()
	v := e.inherit()
	var err error
	v.Poll, err = e.R.NewPoll(v.fd)
	e.must(err)
	return v
}

// start has v record what it is told; then may be nil.
func (v *foreign) start(want reactor.Interest, then func()) {
	v.e.Helper()
	v.e.must(v.Start(want, func(ready reactor.Readiness, err error) {
		v.e.callback(func() {
			if err != nil {
				v.errs = append(v.errs, err)
			} else {
				v.got = append(v.got, ready)
			}
			if then != nil {
				then()
			}
		})
	}))
}

// read is what the owner of the descriptor does.
func (v *foreign) read() int {
	n, errno := v.e.k.Kernel.Read(v.fd, make([]byte, 100))
	if errno != 0 && errno != reactor.EAGAIN {
		v.e.Errorf("the owner's read: %v", errno)
	}
	return n
}

// untilTold iterates until v was told n times more.
func (v *foreign) untilTold(n int) {
	v.e.Helper()
	n += len(v.got) + len(v.errs)
	v.e.until("news of the descriptor", func() bool { return len(v.got)+len(v.errs) >= n })
}

// end closes the Poll and then the descriptor, which must still be open.
func (v *foreign) end() {
	v.e.Helper()
	v.Close(nil)
	if err := v.file.Close(); err != nil {
		v.e.Errorf("closing the foreign descriptor: %v", err)
	}
	v.p.Close()
	v.e.settle()
}
