package reactor

import (
	"os"
	"syscall"
	"testing"
)

// foreignSignal is an os.Signal that is no syscall.Signal. It can't even be compared.
type foreignSignal []int

func (foreignSignal) Signal()        {}
func (foreignSignal) String() string { return "flag" }

func TestCatchableKnowsWhatCannotBeCaught(t *testing.T) {
	for _, sig := range []os.Signal{
		os.Interrupt, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGCHLD, syscall.SIGPIPE,
		syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGURG, syscall.Signal(64),
	} {
		if !Catchable(sig) {
			t.Errorf("%v can be caught", sig)
		}
	}
	for _, sig := range []os.Signal{
		nil,
		foreignSignal{},
		os.Kill, syscall.SIGSTOP, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGPROF, syscall.Signal(0), syscall.Signal(-1), syscall.Signal(65),
	} {
		if Catchable(sig) {
			t.Errorf("%v can't be caught", sig)
		}
	}
}
