package static_test

import (
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
)

// Who has gone does not wait until others have been looked up for.
func TestAClientThatLeavesIsNotLookedUpForAnyMore(t *testing.T) {
	const clients = 50
	r := newRig(t, static.Options{}, map[string]string{"small": "x", "other": "y"})
	came, gone := make(chan struct{}, clients), make(chan struct{}, clients)
	r.first(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		came <- struct{}{}
		res.OnClose(func() { gone <- struct{}{} })
	})
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, filepath.Join(r.dir, "small"), unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	base := descriptors()
	release := r.stuck()
	var all []*client
	for range clients {
		c := dial(t, r.addr)
		c.ask("GET /small", "")
		all = append(all, c)
	}
	for _, c := range all {
		<-came
		defer c.Close()
	}
	if n := len(gone); n != 0 {
		t.Errorf("%d are over, and nobody can have been looked up for", n)
	}
	for _, c := range all {
		c.Conn.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	for range clients {
		<-gone
	}
	await(t, "their connections to be closed", func() bool { return descriptors() <= base })
	for i := range 2 { // who listens behind us for their end has been told too
		told := make(chan struct{})
		if err := r.g.Loop(i).Post(func() { close(told) }); err != nil {
			t.Fatal(err)
		}
		<-told
	}
	release()
	for range 10 { // work begins in order
		r.wants("GET /other", "", 200, "y")
		<-came
		<-gone
	}
	if n, err := unix.Read(watch, make([]byte, 4096)); err != unix.EAGAIN {
		t.Errorf("the file was opened for nobody: %d bytes of events, %v", n, err)
	}
}
