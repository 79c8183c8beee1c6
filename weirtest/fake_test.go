package weirtest_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir/weirtest"
)

func TestMain(m *testing.M) {
	if slowBuild {
		weirtest.DieAtEach(7)
	}
	os.Exit(m.Run())
}

// fakeT is a test that remembers what it is told, so that a test of ours can be about a test that fails.
type fakeT struct {
	testing.TB // nil: whatever is not below is not called
	said       []string
	failed     bool
	cleanups   []func()
}

func (f *fakeT) Helper()           {}
func (f *fakeT) Failed() bool      { return f.failed }
func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fakeT) Logf(string, ...any) {
}

func (f *fakeT) Errorf(format string, args ...any) {
	f.failed = true
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *fakeT) Error(args ...any) { f.Errorf("%s", fmt.Sprint(args...)) }

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeT) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// try runs a test to its end, cleanups included, and returns what it has failed with.
func try(test func(t testing.TB)) []string {
	f := &fakeT{}
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		defer func() {
			for len(f.cleanups) > 0 {
				last := f.cleanups[len(f.cleanups)-1]
				f.cleanups = f.cleanups[:len(f.cleanups)-1]
				last()
			}
		}()
		test(f)
	}()
	<-done
	return f.said
}

// caught wants a test to fail, and to say so.
func caught(t *testing.T, want string, test func(t testing.TB)) {
	t.Helper()
	said := try(test)
	for _, s := range said {
		if strings.Contains(s, want) {
			return
		}
	}
	t.Errorf("a bug was planted, and the kit has said %q; want something with %q", said, want)
}

// clean wants a test to pass.
func clean(t *testing.T, test func(t testing.TB)) {
	t.Helper()
	if said := try(test); len(said) > 0 {
		t.Errorf("nothing is wrong, and the kit has said %q", said)
	}
}
