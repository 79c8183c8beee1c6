package live

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/bench/internal/result"
)

// terminal is a pseudo-terminal: what is written to its end can be read here.
type terminal struct {
	end *os.File // what a program has for its screen

	mu   sync.Mutex
	text bytes.Buffer
}

func openTerminal(t *testing.T, columns, rows uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{end: end}
	term.resize(t, columns, rows)
	read := make(chan struct{})
	go func() {
		defer close(read)
		block := make([]byte, 4096)
		for {
			n, err := master.Read(block)
			term.mu.Lock()
			term.text.Write(block[:n])
			term.mu.Unlock()
			if err != nil { // the other end is closed
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = end.Close()
		<-read
		_ = master.Close()
	})
	return term
}

func (term *terminal) resize(t *testing.T, columns, rows uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(term.end.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
}

func (term *terminal) shown() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.text.String()
}

func (term *terminal) await(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(term.shown(), want); {
		if time.Now().After(deadline) {
			t.Fatalf("%q does not come; shown: %q", want, term.shown())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (term *terminal) modes(t *testing.T) unix.Termios {
	t.Helper()
	modes, err := unix.IoctlGetTermios(int(term.end.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *modes
}

func TestTheTerminalIsLeftAsItWas(t *testing.T) {
	term := openTerminal(t, 100, 30)
	before := term.modes(t)
	view := Open(term.end, []string{"TERM=xterm-256color"})
	for _, e := range script() {
		view.Event(e)
	}
	term.await(t, "Keep-alive GET")
	if got := term.modes(t); got != before {
		t.Errorf("while it is drawn on, its modes are %+v, were %+v", got, before)
	}
	for range 2 {
		if err := view.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := term.modes(t); got != before {
		t.Errorf("its modes are %+v, were %+v", got, before)
	}
	term.await(t, "\x1b[?25h")
	shown := term.shown()
	hidden, seen := strings.LastIndex(shown, "\x1b[?25l"), strings.LastIndex(shown, "\x1b[?25h")
	if seen < hidden {
		t.Error("the cursor stays hidden")
	}
	if away, back := strings.LastIndex(shown, "\x1b[?1049h"), strings.LastIndex(shown, "\x1b[?1049l"); away < 0 || back < away {
		t.Errorf("the first screen does not come back: %q", shown[max(0, len(shown)-300):])
	}
}

func TestAViewIsDrawnOnlyWhereItCanBe(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	term := openTerminal(t, 80, 24)
	for _, test := range []struct {
		name    string
		w       *os.File
		environ []string
		drawn   bool
	}{
		{"a terminal", term.end, []string{"TERM=xterm-256color"}, true},
		{"a file", file, []string{"TERM=xterm-256color"}, false},
		{"a dumb terminal", term.end, []string{"TERM=dumb"}, false},
		{"no colour wanted", term.end, []string{"TERM=xterm-256color", "NO_COLOR=1"}, false},
		{"a build machine", term.end, []string{"TERM=xterm-256color", "CI=true"}, false},
	} {
		view := Open(test.w, test.environ)
		if _, drawn := view.(*screen); drawn != test.drawn {
			t.Errorf("%s: drawn is %v, want %v", test.name, drawn, test.drawn)
		}
		if err := view.Close(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAnEventDoesNotWaitForTheTerminal(t *testing.T) {
	// Nobody is told of anything before the program draws: an event is a note under a lock.
	s := &screen{}
	for i := range 100_000 {
		s.Event(result.Event{Kind: result.TurnSample, Subject: "weir", Rate: float64(i)})
	}
	if got := len(s.board.current.rows[0].rates); got != mostRates {
		t.Errorf("%d rates are kept, want %d", got, mostRates)
	}
}
