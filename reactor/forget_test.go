package reactor_test

import (
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

func TestAWriteThatIsForgottenIsNotTold(t *testing.T) {
	h := newSimHarness(t, simkernel.Options{})
	d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	told, closed := "", false
	ln, err := d.R.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{}, func(c *reactor.Conn) {
		done := func(name string) func(error) { return func(error) { told += name } }
		if c.ForgetWritten() {
			t.Error("a write was forgotten before there was any")
		}
		c.WriteBorrowed([]byte("a"), done("a"))
		c.WriteBorrowed([]byte("b"), done("b"))
		if c.ForgetWritten() {
			t.Error("a write was forgotten that the kernel does not have")
		}
		d.R.Flush()
		if !c.ForgetWritten() {
			t.Error("a write that the kernel has was not forgotten")
		}
		c.WriteBorrowed([]byte("c"), func(err error) {
			told += "c"
			if c.ForgetWritten() {
				t.Error("a write was forgotten that is being told")
			}
			c.Close(func() { closed = true })
			if c.ForgetWritten() {
				t.Error("a write of a closed connection was forgotten")
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Dial("tcp4", "127.0.0.1:7000")
	d.Until(func() bool { return closed })
	if told != "bc" {
		t.Errorf("told of %q, want b and c", told)
	}
	ln.Close(nil)
	if !d.Until(func() bool { return d.R.Refs() == 0 }) {
		t.Error("something is left")
	}
}

// A turn is told of one write, and finds that the kernel has those behind it too: the oldest of these comes next, not the one
// that was written since.
func TestTheOldestWriteIsForgottenFirst(t *testing.T) {
	h := newSimHarness(t, simkernel.Options{})
	d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	told, closed := "", false
	ln, err := d.R.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{}, func(c *reactor.Conn) {
		done := func(name string) func(error) { return func(error) { told += name } }
		c.WriteBorrowed([]byte("a"), func(error) {
			told += "a"
			c.WriteBorrowed([]byte("d"), func(error) {
				told += "d"
				c.Close(func() { closed = true })
			})
			d.R.Flush()
			if !c.ForgetWritten() {
				t.Error("a write that the kernel has was not forgotten")
			}
		})
		c.WriteBorrowed([]byte("b"), done("b"))
		c.WriteBorrowed([]byte("c"), done("c"))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Dial("tcp4", "127.0.0.1:7000")
	d.Until(func() bool { return closed })
	if told != "acd" {
		t.Errorf("told of %q, want a, c and d", told)
	}
	ln.Close(nil)
	if !d.Until(func() bool { return d.R.Refs() == 0 }) {
		t.Error("something is left")
	}
}
