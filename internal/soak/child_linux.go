package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
)

// setting is what a child is told in the beginning.
type setting struct {
	Seed    uint64
	Workers int
	Routes  []route // of a load: where to
	HTTP    string  // of an origin: where to listen
	TCP     string
	Dir     string // of an origin: files to serve are in Dir/static, uploads go to Dir/up
}

// route is where exchanges go.
type route struct {
	Name  string
	Class class
	HTTP  string // address
	TCP   string // address of an echo; "" is none
	Up    string // folder where uploads come to lie
	Proxy bool
}

// said is a line that a child writes.
type said struct {
	Ready     bool   `json:",omitempty"`
	Rested    bool   `json:",omitempty"`
	Violation string `json:",omitempty"`
	Stat      *stat  `json:",omitempty"`
}

// stat is how a child is.
type stat struct {
	Seq         string // of the request for it
	Counts      map[string]int
	Goroutines  int
	Stacks      string // of all goroutines, if they were asked for
	FDs         []string
	Handles     int
	Connections int
	Agents      int // sockets, free sockets and queued requests of all agents
}

// part is what a child is.
type part interface {
	begin() error  // come up
	start()        // make exchanges
	rest()         // make no more, and return when none is under way and nothing is kept
	look(s *stat)  // fill in
	finish() error // end everything
}

// beChild does what it is told on the standard input until that ends.
func beChild(role string, s setting) error {
	warmUp()
	say := newSayer()
	var p part
	switch role {
	case "origin":
		p = &origin{set: s, say: say}
	case "load":
		p = &load{set: s, say: say}
	case "judge":
		p = &judge{set: s, say: say}
	default:
		return fmt.Errorf("no role %q", role)
	}
	if err := p.begin(); err != nil {
		return err
	}
	say.line(said{Ready: true})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		word, arg, _ := strings.Cut(in.Text(), " ")
		switch word {
		case "go":
			p.start()
		case "rest":
			p.rest()
			say.line(said{Rested: true})
		case "stat", "stacks":
			st := &stat{Seq: arg, Counts: say.counted(), Goroutines: runtime.NumGoroutine(), FDs: descriptors(os.Getpid())}
			p.look(st)
			if word == "stacks" {
				buf := make([]byte, 1<<20)
				st.Stacks = string(buf[:runtime.Stack(buf, true)])
			}
			say.line(said{Stat: st})
		case "end":
			return p.finish()
		}
	}
	return fmt.Errorf("the conductor has gone")
}

// warmUp has the runtime open what it opens once.
func warmUp() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		if c, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			c.Close()
		}
		ln.Close()
	}
	os.ReadDir(".")
}

// descriptors lists what a process has open. A descriptor that is closed meanwhile is left out, the one that looks too.
func descriptors(pid int) []string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	var list []string
	for _, e := range entries {
		to, err := os.Readlink(dir + "/" + e.Name())
		if err == nil && !strings.HasPrefix(to, "/proc/") {
			list = append(list, to)
		}
	}
	return list
}

// sayer writes lines, and counts outcomes.
type sayer struct {
	mu     sync.Mutex
	out    *json.Encoder
	counts map[string]int
	bad    int
}

func newSayer() *sayer {
	return &sayer{out: json.NewEncoder(os.Stdout), counts: map[string]int{}}
}

func (s *sayer) line(what said) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Encode(what)
}

// maxViolations is how many of them a child tells; more are only counted.
const maxViolations = 20

func (s *sayer) violation(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad++; s.bad <= maxViolations {
		s.out.Encode(said{Violation: fmt.Sprintf(format, args...)})
	}
}

// count counts an exchange. err says what was wrong.
func (s *sayer) count(to *route, kind string, o outcome, err error) {
	s.mu.Lock()
	s.counts[to.Name+" "+kind+" "+string(o)]++
	s.mu.Unlock()
	for _, fine := range explained[to.Class] {
		if o == fine {
			return
		}
	}
	s.violation("%s over %s: %s: %v", kind, to.Name, o, err)
}

func (s *sayer) counted() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(map[string]int, len(s.counts))
	for k, n := range s.counts {
		c[k] = n
	}
	return c
}
