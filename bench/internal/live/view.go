package live

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/weir-go/weir/bench/internal/result"
)

// View shows a run while it goes on.
type View interface {
	result.Progress
	// Close ends the view, before anything else is written to its terminal. It is safe to call more than once.
	Close() error
}

// Open begins a view on w: drawn if w is a terminal that can be drawn on and the environment does not say otherwise
// (NO_COLOR, TERM=dumb, CI), as lines if not.
func Open(w *os.File, environ []string) View {
	inCI := slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "CI=") && v != "CI=" && v != "CI=false" })
	if inCI || colorprofile.Detect(w, environ) <= colorprofile.ASCII {
		return &lines{w: w}
	}
	return openScreen(w, environ)
}

// Often enough for a person, and seldom enough for the processors that are being measured.
const redraw = 250 * time.Millisecond

// closeLimit is how long a terminal that takes no output may hold up the end of the run.
const closeLimit = 2 * time.Second

// screen draws the board.
type screen struct {
	program *tea.Program
	ended   chan struct{} // closed when the program is over; err is set then
	err     error

	mu    sync.Mutex
	board board
}

func openScreen(w *os.File, environ []string) *screen {
	s := &screen{ended: make(chan struct{})}
	s.program = tea.NewProgram(&model{screen: s, width: 80, height: 24},
		tea.WithInput(nil), tea.WithOutput(w), tea.WithEnvironment(environ),
		tea.WithoutSignalHandler(), // they are the run's
		tea.WithFPS(int(time.Second/redraw)))
	go func() {
		defer close(s.ended)
		_, s.err = s.program.Run()
	}()
	return s
}

// Event notes what has happened; it is drawn at the next tick.
func (s *screen) Event(e result.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.see(e)
}

// Close brings the screen back that was there before.
func (s *screen) Close() error {
	go s.program.Send(closing{}) // it waits for a program that may be waiting for the terminal
	select {
	case <-s.ended:
		return s.err
	case <-time.After(closeLimit):
		s.program.Kill()
		return errors.New("live: the terminal takes no output")
	}
}

func (s *screen) draw(now time.Time, width, height int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.board.began.IsZero() {
		s.board.now = now
	}
	return s.board.draw(width, height)
}

// model is the screen as bubbletea wants it. Its methods are called by one goroutine.
type model struct {
	screen        *screen
	width, height int
	text          string
}

type (
	tick    time.Time
	closing struct{}
)

func next() tea.Cmd { return tea.Tick(redraw, func(t time.Time) tea.Msg { return tick(t) }) }

// Init begins the ticks.
func (m *model) Init() tea.Cmd { return next() }

// Update draws at each tick and when the size of the screen has changed.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tick:
		m.text = m.screen.draw(time.Time(msg), m.width, m.height)
		return m, next()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.text = m.screen.draw(time.Now(), m.width, m.height)
	case closing:
		return m, tea.Quit
	}
	return m, nil
}

// View is what was drawn last, on the terminal's other screen: lines that a change of size has moved are not left behind there,
// and at the end the first screen is back as it was.
func (m *model) View() tea.View {
	v := tea.NewView(m.text)
	v.AltScreen = true
	return v
}
