package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// conductor has the children, does to them what is to be done, and judges.
type conductor struct {
	config
	began time.Time
	dir   string

	origin, mortalOrigin, proxy, mortalProxy, load, mortalLoad, judge *process
	all                                                               []*process
	base                                                              map[*process]*stat

	mu         sync.Mutex
	violations []string
	more       int
	ending     bool
	faults     map[string]int
	lost       map[string]int // what the lives of a mortal load have counted that are over
	memory     map[*process][]int64
}

// conduct runs everything, and reports whether all is well; an error says why it could not tell.
func conduct(ctx context.Context, c config) (ok bool, err error) {
	x := &conductor{
		config: c, began: time.Now(), base: map[*process]*stat{}, faults: map[string]int{}, lost: map[string]int{},
		memory: map[*process][]int64{},
	}
	fmt.Printf("soak: %v of load, seed %d; the same again: go run ./internal/soak -time %v -seed %d\n", c.time, c.seed, c.time, c.seed)
	if x.dir, err = os.MkdirTemp("", "weir-soak"); err != nil {
		return false, err
	}
	defer os.RemoveAll(x.dir)
	defer x.endAll()
	ctx, cancel := context.WithTimeoutCause(ctx, c.time+5*time.Minute, errors.New("it has taken five minutes too long"))
	defer cancel()
	if err := x.raise(ctx); err != nil {
		return false, err
	}
	if err := x.run(ctx); err != nil {
		return false, err
	}
	x.settle()
	return x.verdict(), nil
}

func (x *conductor) endAll() {
	x.mu.Lock()
	x.ending = true // what they say of one another from now on means nothing
	x.mu.Unlock()
	for _, p := range x.all {
		p.kill()
	}
}

// violation is what makes the run fail.
func (x *conductor) violation(format string, args ...any) {
	text := fmt.Sprintf("%6.1fs  %s", time.Since(x.began).Seconds(), fmt.Sprintf(format, args...))
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.ending:
		return
	case len(x.violations) >= 100:
		x.more++
		return
	}
	x.violations = append(x.violations, text)
	fmt.Println("VIOLATION", text)
}

func (x *conductor) note(format string, args ...any) {
	if x.verbose {
		fmt.Printf("%6.1fs  %s\n", time.Since(x.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// raise makes folders and addresses, and brings everybody up.
func (x *conductor) raise(ctx context.Context) error {
	program := filepath.Join(x.dir, "proxy")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/weir-go/weir/examples/proxy").CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./examples/proxy: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	addrs, err := addresses(rand.New(rand.NewPCG(x.seed, 0)), 6)
	if err != nil {
		return err
	}
	child := func(name, role string, s setting) *process {
		text, _ := json.Marshal(s)
		p := &process{name: name, argv: []string{self, "-role", role, "-setup", string(text)}, speaks: true, heard: x.heard}
		x.all = append(x.all, p)
		return p
	}
	forward := func(name, at, to string) *process {
		p := &process{name: name, argv: []string{program, "-addr", at, "-upstream", to, "-loops", "2", "-timeout", "4s"}, heard: x.heard}
		x.all = append(x.all, p)
		return p
	}
	dirs := [2]string{}
	for i := range dirs {
		dirs[i] = filepath.Join(x.dir, fmt.Sprint("origin", i))
		if err := errors.Join(os.MkdirAll(filepath.Join(dirs[i], "static"), 0o700), os.Mkdir(filepath.Join(dirs[i], "up"), 0o700)); err != nil {
			return err
		}
		for _, f := range served {
			text, _ := io.ReadAll(&body{key: f.key, n: f.n})
			if err := os.WriteFile(filepath.Join(dirs[i], "static", f.name), text, 0o600); err != nil {
				return err
			}
		}
	}
	up := func(i int) string { return filepath.Join(dirs[i], "up") }
	routes := []route{
		{Name: "origin", Class: steady, HTTP: addrs[0], TCP: addrs[1], Up: up(0)},
		{Name: "mortal-origin", Class: frail, HTTP: addrs[2], TCP: addrs[3], Up: up(1)},
		{Name: "proxy>mortal-origin", Class: behind, HTTP: addrs[4], Up: up(1), Proxy: true},
		{Name: "mortal-proxy>origin", Class: front, HTTP: addrs[5], Up: up(0), Proxy: true},
	}
	x.origin = child("origin", "origin", setting{HTTP: addrs[0], TCP: addrs[1], Dir: dirs[0]})
	x.mortalOrigin = child("mortal-origin", "origin", setting{HTTP: addrs[2], TCP: addrs[3], Dir: dirs[1]})
	x.proxy = forward("proxy", addrs[4], addrs[2])
	x.mortalProxy = forward("mortal-proxy", addrs[5], addrs[0])
	x.load = child("load", "load", setting{Seed: x.seed, Workers: x.workers, Routes: routes})
	x.mortalLoad = child("mortal-load", "load", setting{Seed: x.seed + 1, Workers: (x.workers + 1) / 2, Routes: routes})
	x.judge = child("judge", "judge", setting{Seed: x.seed + 2, Workers: x.workers, Routes: routes})
	for _, p := range x.all {
		if err := p.up(); err != nil {
			return err
		}
	}
	for _, p := range x.all {
		if x.base[p], err = x.look(p); err != nil {
			return err
		}
	}
	return nil
}

// addresses are free ones, below those that the kernel gives to clients: a client that connects while nobody listens could be given
// the very port that it connects to, and would talk with itself.
func addresses(r *rand.Rand, n int) ([]string, error) {
	var list []string
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+r.IntN(20_000)))
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		defer ln.Close()
		if list = append(list, addr); len(list) == n {
			return list, nil
		}
	}
	return nil, errors.New("no free addresses")
}

// look is how a child is: what it says, or what can be seen of it.
func (x *conductor) look(p *process) (*stat, error) {
	if p.speaks {
		return p.await("stat")
	}
	return &stat{FDs: descriptors(p.pid())}, nil
}

// heard is what a child says by itself.
func (x *conductor) heard(p *process, s said) {
	if s.Violation != "" {
		x.violation("%s: %s", p.name, s.Violation)
	}
}

// run lets the load loose, and faults on it.
func (x *conductor) run(ctx context.Context) error {
	fmt.Println("soak: go")
	for _, p := range []*process{x.load, x.mortalLoad, x.judge} {
		p.tell("go")
	}
	over, cancel := context.WithTimeout(ctx, x.time)
	defer cancel()
	var faults sync.WaitGroup
	faults.Go(func() { x.chaos(over) })
	every := min(time.Second, x.time/120)
	tick := time.NewTicker(every)
	defer tick.Stop()
	said := time.Now()
	for over.Err() == nil {
		select {
		case <-tick.C:
			x.sample()
			if time.Since(said) > time.Minute {
				said = time.Now()
				x.progress()
			}
		case <-over.Done():
		}
	}
	faults.Wait()
	return context.Cause(ctx)
}

// sample looks at the memory of those that are never killed, and has all clients say what they have counted.
func (x *conductor) sample() {
	for _, p := range []*process{x.origin, x.proxy, x.load, x.judge} {
		if n := p.rss(); n > 0 {
			x.memory[p] = append(x.memory[p], n)
		}
	}
	for _, p := range []*process{x.load, x.mortalLoad, x.judge, x.origin} {
		p.ask("stat")
	}
	for _, p := range []*process{x.origin, x.proxy, x.load, x.judge} {
		select {
		case <-p.gone():
			x.violation("%s has died: %s", p.name, p.errors())
		default:
		}
	}
}

// progress is a line a minute.
func (x *conductor) progress() {
	n := 0
	for _, k := range x.counts() {
		n += k
	}
	line := fmt.Sprintf("soak: %3.0f s, %d exchanges; MiB:", time.Since(x.began).Seconds(), n)
	for _, p := range []*process{x.origin, x.proxy, x.load, x.judge} {
		if m := x.memory[p]; len(m) > 0 {
			line += fmt.Sprintf(" %s %.1f", p.name, float64(m[len(m)-1])/(1<<20))
		}
	}
	fmt.Println(line)
}

// counts are those of all clients.
func (x *conductor) counts() map[string]int {
	sum := map[string]int{}
	x.mu.Lock()
	for k, n := range x.lost {
		sum[k] += n
	}
	x.mu.Unlock()
	for _, p := range []*process{x.load, x.mortalLoad, x.judge} {
		if s := p.latest(); s != nil {
			for k, n := range s.Counts {
				sum[k] += n
			}
		}
	}
	return sum
}

// chaos brings a fault over somebody, again and again.
func (x *conductor) chaos(ctx context.Context) {
	r := rand.New(rand.NewPCG(x.seed, 7))
	var all sync.WaitGroup
	defer all.Wait()
	next := time.Now().Add(x.time / 4) // of the long stops
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+r.IntN(900)) * time.Millisecond):
		}
		if time.Now().After(next) {
			next = time.Now().Add(30 * time.Second)
			all.Go(func() { x.stop(x.mortalOrigin, 7*time.Second, "stopped for long") })
			continue
		}
		away := time.Duration(r.IntN(700)) * time.Millisecond
		pause := time.Duration(10+r.IntN(1500)) * time.Millisecond
		who := x.all[r.IntN(len(x.all))]
		switch n := r.IntN(12); {
		case n < 2:
			all.Go(func() { x.killed(ctx, x.mortalOrigin, away) })
		case n < 4:
			all.Go(func() { x.killed(ctx, x.mortalProxy, away) })
		case n < 5:
			all.Go(func() { x.killed(ctx, x.mortalLoad, away) })
		default:
			all.Go(func() { x.stop(who, pause, "stopped") })
		}
	}
}

func (x *conductor) fault(p *process, what string) {
	x.mu.Lock()
	x.faults[p.name+" "+what]++
	x.mu.Unlock()
	x.note("%s is %s", p.name, what)
}

// stop stops a process, and has it go on.
func (x *conductor) stop(p *process, d time.Duration, what string) {
	if !p.busy.TryLock() {
		return
	}
	defer p.busy.Unlock()
	x.fault(p, what)
	p.signal(syscall.SIGSTOP)
	time.Sleep(d)
	p.signal(syscall.SIGCONT)
}

// killed kills a process, and brings it up again a little later.
func (x *conductor) killed(ctx context.Context, p *process, away time.Duration) {
	if !p.busy.TryLock() {
		return
	}
	defer p.busy.Unlock()
	x.fault(p, "killed")
	if text := p.errors(); text != "" {
		x.violation("%s has complained: %s", p.name, text)
	}
	p.kill()
	if s := p.latest(); s != nil {
		x.mu.Lock()
		for k, n := range s.Counts {
			x.lost[k] += n
		}
		x.mu.Unlock()
	}
	time.Sleep(away)
	if err := p.up(); err != nil {
		x.violation("%s does not come up again: %v", p.name, err)
		return
	}
	if p == x.mortalLoad {
		p.tell("go")
	}
}
