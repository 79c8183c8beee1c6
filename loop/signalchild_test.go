package loop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What SIGHUP, SIGINT and SIGTERM do by default is to end the process, so whether they do is seen in processes of our
// own. Other signals do nothing to a Go program that does not watch them, SIGUSR1 for one: the other tests use those,
// since one that was sent may come when those who watch have stopped.

// child has a process run one of children, and returns how it ended.
func child(t *testing.T, name string) error {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	out, err := cmd.CombinedOutput()
	if len(out) > 0 {
		t.Errorf("%s: %s", name, out)
	}
	return err
}

func TestTheDefaultActionIsBackAfterTheLastStop(t *testing.T) {
	for _, name := range []string{"signal stopped", "signal closed", "signal replaced", "signal had its one shot"} {
		err := child(t, name)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("%s: got %v, want that SIGTERM has ended the process", name, err)
		}
	}
}

// A handle that starts and stops while another watches the same signal, handles of other signals that do so, and one that
// starts anew leave no moment in which a signal that is watched has its default action.
func TestStoppingASignalLeavesNoGapForOthers(t *testing.T) {
	if err := child(t, "signal storm"); err != nil {
		t.Errorf("got %v, want a process that lives through the storm", err)
	}
}

func ignore(os.Signal) {}

// killed sends this process SIGTERM and waits for the end. It is what a child returns if that has not come.
func killed(begin func(s *Signal) error) int {
	l, err := New(Options{})
	if err == nil {
		err = begin(l.NewSignal())
	}
	if err == nil {
		err = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
	}
	if err == nil {
		time.Sleep(patience / 3) // four of them
	}
	fmt.Println("alive:", err)
	return 0
}

func signalStopped() int {
	return killed(func(s *Signal) error {
		err := s.Start(syscall.SIGTERM, ignore)
		s.Stop()
		return err
	})
}

func signalClosed() int {
	return killed(func(s *Signal) error {
		err := s.Start(syscall.SIGTERM, ignore)
		s.Close(nil)
		return err
	})
}

func signalReplaced() int {
	return killed(func(s *Signal) error {
		return errors.Join(s.Start(syscall.SIGTERM, ignore), s.Start(syscall.SIGHUP, ignore))
	})
}

// signalOnce never runs its loop: it is too busy. The second signal ends the process nevertheless.
func signalOnce() int {
	return killed(func(s *Signal) error {
		err := errors.Join(s.StartOneShot(syscall.SIGTERM, ignore), syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
		for {
			forwarder.mu.Lock()
			n := len(forwarder.sources)
			forwarder.mu.Unlock()
			if n == 0 {
				return err
			}
			runtime.Gosched()
		}
	})
}

func signalStorm() int {
	l, err := New(Options{Repanic: true})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	keep, again := l.NewSignal(), l.NewSignal()
	var calls1, calls2 int
	check(keep.Start(syscall.SIGTERM, func(os.Signal) { calls1++ }))
	check(again.Start(syscall.SIGHUP, func(os.Signal) { calls2++ }))
	var sent atomic.Int64
	go func() {
		for {
			check(syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
			check(syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
			sent.Add(1)
		}
	}()
	for round := 0; round < 1500 || sent.Load() < 1500 || calls1 == 0 || calls2 == 0; round++ {
		for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
			s := l.NewSignal()
			check(s.Start(sig, ignore))
			_, err := l.RunNoWait()
			check(err)
			s.Close(nil)
		}
		for range 10 {
			check(again.Start(syscall.SIGHUP, func(os.Signal) { calls2++ })) // nobody else watches it
		}
		_, err := l.RunNoWait()
		check(err)
	}
	return 0
}
