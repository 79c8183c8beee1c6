package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settle has the load rest, looks whether everybody is as in the beginning, and ends one after the other.
func (x *conductor) settle() {
	fmt.Println("soak: rest")
	for _, p := range []*process{x.load, x.mortalLoad, x.judge} {
		p.tell("rest")
	}
	for _, p := range []*process{x.load, x.mortalLoad, x.judge} {
		select {
		case <-p.rested:
		case <-p.gone():
		case <-time.After(patience + 20*time.Second):
			x.violation("%s does not come to rest", p.name)
			p.kill()
			continue
		}
		x.compare(p)
	}
	for _, p := range []*process{x.load, x.mortalLoad, x.judge} {
		x.end(p)
	}
	// The mortal proxy drains, and with it goes the last client of the origin that has stayed.
	x.mortalProxy.signal(syscall.SIGTERM)
	x.ended(x.mortalProxy)
	x.restOrigin(x.origin)
	// Without its origin the proxy that has stayed has no connections either.
	x.end(x.mortalOrigin)
	x.compare(x.proxy)
	x.stacks(x.proxy)
	x.end(x.origin)
	x.leftovers()
}

func (x *conductor) restOrigin(p *process) {
	p.tell("rest")
	select {
	case <-p.rested:
	case <-p.gone():
	case <-time.After(30 * time.Second):
		x.violation("%s keeps connections that nobody has", p.name)
	}
	x.compare(p)
}

// compare looks whether a process is as it was in the beginning. What ends by itself has a few seconds for it.
func (x *conductor) compare(p *process) {
	var now *stat
	var diff string
	for range 50 {
		var err error
		if now, err = x.look(p); err != nil {
			x.violation("%v", err)
			return
		}
		if diff = differ(x.base[p], now); diff == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	if p.speaks {
		if s, err := p.await("stacks"); err == nil && s.Goroutines != x.base[p].Goroutines {
			diff += "\n" + s.Stacks
		}
	}
	x.violation("%s is not as it was: %s", p.name, diff)
}

// differ says what is not as it was.
func differ(base, now *stat) string {
	var list []string
	for _, k := range []struct {
		what      string
		base, now int
	}{
		{"goroutines", base.Goroutines, now.Goroutines},
		{"descriptors", len(base.FDs), len(now.FDs)},
		{"handles", base.Handles, now.Handles},
		{"connections", base.Connections, now.Connections},
		{"sockets and requests of agents", base.Agents, now.Agents},
	} {
		if k.base != k.now {
			list = append(list, fmt.Sprintf("%d %s, and %d in the beginning", k.now, k.what, k.base))
		}
	}
	if len(base.FDs) != len(now.FDs) {
		list = append(list, "open are "+strings.Join(now.FDs, " "), "in the beginning "+strings.Join(base.FDs, " "))
	}
	return strings.Join(list, "; ")
}

// end has a child end by itself.
func (x *conductor) end(p *process) {
	select {
	case <-p.gone():
		return // that was told
	default:
	}
	p.tell("end")
	x.ended(p)
}

// ended wants it to have ended well, without a word of complaint.
func (x *conductor) ended(p *process) {
	if err := p.ends(); err != nil {
		x.violation("%v", err)
		return
	}
	if text := p.errors(); text != "" {
		x.violation("%s has complained: %s", p.name, text)
	}
}

// created is who has started a goroutine; the main one was started by nobody.
var created = regexp.MustCompile(`(?m)^created by (\S+)|^main\.main\(`)

// goroutines counts those of a program in what SIGQUIT has it print: the runtime's own are among them, and don't count.
func goroutines(stacks string) int {
	n := 0
	for _, m := range created.FindAllStringSubmatch(stacks, -1) {
		if !strings.HasPrefix(m[1], "runtime.") {
			n++
		}
	}
	return n
}

// mostGoroutines of examples/proxy at rest: main, which runs the first of its two loops, the other loop's, two for signals, and one
// of work that has just ended.
const mostGoroutines = 5

// stacks has a proxy print its goroutines and die: SIGQUIT is what Go offers for that, in any program.
func (x *conductor) stacks(p *process) {
	if text := p.errors(); text != "" {
		x.violation("%s has complained: %s", p.name, text)
	}
	p.signal(syscall.SIGQUIT)
	select {
	case <-p.gone():
	case <-time.After(upTime):
		x.violation("%s does not print its goroutines", p.name)
		return
	}
	text := p.errors()
	if n := goroutines(text); n == 0 || n > mostGoroutines {
		x.violation("%s is left with %d goroutines:\n%s", p.name, n, text)
	}
}

// leftovers looks at what lies in the folders for uploads: right files, of clients that have left, and of an origin that never
// died nothing else.
func (x *conductor) leftovers() {
	for i, mortal := range []bool{false, true} {
		paths, err := filepath.Glob(filepath.Join(x.dir, fmt.Sprint("origin", i), "up", "*"))
		hidden, err2 := filepath.Glob(filepath.Join(x.dir, fmt.Sprint("origin", i), "up", ".*"))
		if err != nil || err2 != nil {
			x.violation("%v, %v", err, err2)
		}
		paths = slices.DeleteFunc(paths, func(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") })
		for _, path := range paths {
			if _, err := verifyUpload(path); err != nil {
				x.violation("in the end: %v", err)
			}
		}
		x.note("origin%d: %d uploads of clients that had left, %d halves", i, len(paths), len(hidden))
		if len(hidden) > 0 && !mortal {
			x.violation("halves of uploads are left: %s", strings.Join(hidden, " "))
		}
	}
}

// verdict prints what has happened, and whether it may.
func (x *conductor) verdict() bool {
	counts := x.counts()
	x.table("route", counts, 0)
	x.table("kind", counts, 1)
	fmt.Println()
	for _, what := range slices.Sorted(maps.Keys(x.faults)) {
		fmt.Printf("%5d times %s\n", x.faults[what], what)
	}
	fmt.Println()
	x.flat()
	x.enough(counts)
	n := 0
	for _, k := range counts {
		n += k
	}
	if len(x.violations) > 0 {
		fmt.Printf("\nsoak: FAILED: %d violations in %d exchanges; seed %d\n", len(x.violations)+x.more, n, x.seed)
		return false
	}
	fmt.Printf("\nsoak: passed: %d exchanges, none that its faults do not explain; seed %d; took %.0f s\n", n, x.seed, time.Since(x.began).Seconds())
	return true
}

// fields of a count's name: route, kind, outcome.
func fields(name string) (route, kind, out string) {
	first, last := strings.Index(name, " "), strings.LastIndex(name, " ")
	return name[:first], name[first+1 : last], name[last+1:]
}

// table prints the outcomes by route or by kind.
func (x *conductor) table(what string, counts map[string]int, by int) {
	rows := map[string]map[outcome]int{}
	for name, n := range counts {
		r, k, o := fields(name)
		row := []string{r, k}[by]
		if rows[row] == nil {
			rows[row] = map[outcome]int{}
		}
		rows[row][outcome(o)] += n
	}
	fmt.Printf("\n%-22s", what)
	for _, o := range outcomes {
		fmt.Printf("%9s", o)
	}
	fmt.Println()
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		fmt.Printf("%-22s", row)
		for _, o := range outcomes {
			fmt.Printf("%9d", rows[row][o])
		}
		fmt.Println()
	}
}

// flat judges memory.
func (x *conductor) flat() {
	for _, p := range []*process{x.origin, x.proxy, x.load, x.judge} {
		f, ok := flat(x.memory[p])
		if !ok {
			x.violation("the memory of %s was not sampled often enough", p.name)
			continue
		}
		fmt.Printf("memory of %-8s %v, %d samples\n", p.name+":", f, len(x.memory[p]))
		if p != x.judge && f.grows(x.time) { // the judge is not weir
			x.violation("the memory of %s is not flat: %v", p.name, f)
		}
	}
}

// enough wants everything to have happened.
func (x *conductor) enough(counts map[string]int) {
	seen := map[string]bool{}
	for name, n := range counts {
		if n > 0 {
			r, k, o := fields(name)
			seen[o] = true
			seen[k+" "+o] = true
			seen[r+" "+o] = true
		}
	}
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	for _, k := range trials {
		names = append(names, k.name)
	}
	for _, name := range names {
		if !seen[name+" "+string(whole)] && !seen[name+" "+string(left)] {
			x.violation("no exchange of the kind %s has gone well", name)
		}
	}
	for _, o := range []outcome{whole, left, cut, refused, badGateway, late} {
		if !seen[string(o)] {
			x.violation("no exchange has come to %s", o)
		}
	}
	for _, p := range []*process{x.mortalOrigin, x.mortalProxy, x.mortalLoad} {
		if x.faults[p.name+" killed"] == 0 {
			x.violation("%s was never killed", p.name)
		}
	}
}
