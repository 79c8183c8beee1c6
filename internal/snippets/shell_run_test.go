//go:build linux && !race && !weirdebug

package snippets

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// built is where the programs of the pages are.
var built string

// expectation is what a command does besides ending well.
type expectation struct {
	says  string // in what it prints
	stays bool   // it goes on until somebody ends it
	again bool   // it is done again until those that stay have said what they say: they may begin later than it
}

// expected are those of which more is known than that they end well, by their page and text. A server stays in any case.
var expected = map[string]expectation{
	"README.md: curl -d hello http://127.0.0.1:8080/echo":       {says: "hello"},
	"cmd/echo/doc.go: curl -d hello http://127.0.0.1:8080/echo": {says: "hello"},
	"cmd/echo/doc.go: nc 127.0.0.1 7000":                        {stays: true, says: "hello"},

	"examples/chat/main.go: nc 127.0.0.1 7002":                                                 {stays: true, says: ": y"},
	"examples/chat/main.go: sleep 60 | nc 127.0.0.1 7002 | sleep 60 & yes | nc 127.0.0.1 7002": {stays: true},
	"examples/chat/main.go: go run ./examples/chat -addr 127.0.0.1:7002":                       {says: "the guest does not read"},

	"examples/demo-slow/main.go: go run ./examples/demo-slow": {stays: true, says: "with backpressure"},

	"examples/files/main.go: curl -r 0-99 http://127.0.0.1:8083/":                                                                 {says: "<"},
	`examples/files/main.go: printf 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | nc 127.0.0.1 8083`: {says: "404 Not Found"},

	`examples/gzip/main.go: (printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n'; cat /dev/urandom) | nc 127.0.0.1 8087 | sleep 60`: {stays: true},

	"examples/hello/main.go: curl http://127.0.0.1:8080/you":                                                         {says: "Hello, /you"},
	`examples/hello/main.go: printf 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n' | nc 127.0.0.1 8080`: {says: "400 Bad Request"},

	"examples/longpoll/main.go: curl http://127.0.0.1:8085/news &":                                     {stays: true, says: "it rains"},
	"examples/longpoll/main.go: curl -d 'it rains' http://127.0.0.1:8085/news":                         {again: true},
	"examples/longpoll/main.go: ulimit -n 6000; ab -q -c 5000 -n 5000 -s 3 http://127.0.0.1:8085/news": {stays: true},

	"examples/sse/main.go: curl -N 'http://127.0.0.1:8084/events?slow=latest'":                                                                    {stays: true, says: "data: the river rises"},
	"examples/sse/main.go: curl -d 'the river rises' http://127.0.0.1:8084/publish":                                                               {again: true},
	"examples/sse/main.go: curl -sN --limit-rate 1 http://127.0.0.1:8084/events >/dev/null &":                                                     {stays: true},
	"examples/sse/main.go: head -c 60000 /dev/zero | tr '\\0' x >big; while curl -s --data-binary @big http://127.0.0.1:8084/publish; do :; done": {stays: true, says: "listen"},

	`examples/proxy/main.go: (printf 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'; cat /dev/urandom) | nc 127.0.0.1 8081 | sleep 60`: {stays: true},

	"examples/stream-echo/main.go: yes | nc 127.0.0.1 7003 | sleep 60":                                                       {stays: true},
	"examples/tcp-proxy/main.go: yes | nc 127.0.0.1 7001 | sleep 60":                                                         {stays: true},
	`examples/upload/main.go: printf 'PUT /half HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf' | nc 127.0.0.1 8082`: {says: "400 Bad Request"},

	"examples/stream-echo/main.go: nc 127.0.0.1 7003": {stays: true, says: "hello"},
	"examples/tcp-proxy/main.go: nc 127.0.0.1 7001":   {stays: true, says: "hello"},
	"examples/udp-echo/main.go: nc -u 127.0.0.1 7007": {stays: true, says: "hello"},

	"examples/throttle/main.go: curl -o /dev/null 'http://127.0.0.1:8086/?n=1000000'": {stays: true},
	"examples/throttle/main.go: ab -c 1000 -n 1000 'http://127.0.0.1:8086/?n=500000'": {stays: true},

	"examples/timers/main.go: go run ./examples/timers": {says: "the peer has been silent"},
}

// mayBeAbsent are programs that a fresh machine need not have. Lines with one that is absent are left out, which
// TestTheToolsOfThePagesAreThere tells.
var mayBeAbsent = []string{"ab", "curl", "wrk"}

// asksFor reports whether a line calls a program.
func asksFor(line, tool string) bool {
	return regexp.MustCompile(`(^|[|&;(] *|\bdo |\bwhile )` + tool + ` `).MatchString(line)
}

func absent(line string) (tool string) {
	for _, tool := range mayBeAbsent {
		if _, err := exec.LookPath(tool); err != nil && asksFor(line, tool) {
			return tool
		}
	}
	return ""
}

func TestTheToolsOfThePagesAreThere(t *testing.T) {
	for _, tool := range mayBeAbsent {
		var lines []string
		for _, c := range allCommands(t) {
			if c.skip == "" && asksFor(c.text, tool) {
				lines = append(lines, c.String())
			}
		}
		if lines == nil {
			continue
		}
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("%s is not installed; not run were\n%s", tool, strings.Join(lines, "\n"))
			}
		})
	}
}

func TestTheShellOnThePagesRuns(t *testing.T) {
	all := allCommands(t)
	build(t, all)
	for _, c := range allSpans(t) {
		checkFlags(t, c)
	}
	known := map[string]bool{}
	for len(all) > 0 {
		page := all[0].page
		n := slices.IndexFunc(all, func(c command) bool { return c.page != page })
		if n < 0 {
			n = len(all)
		}
		list := all[:n]
		all = all[n:]
		for _, c := range list {
			known[c.page+": "+c.text] = true
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			for _, c := range list {
				s.play(c)
			}
			s.settle()
		})
	}
	for key := range expected {
		if !known[key] {
			t.Errorf("no page has %s, of which this test knows what it does", key)
		}
	}
}

var (
	goRun   = regexp.MustCompile(`\bgo run \./(\S+)`)
	goRunIn = regexp.MustCompile(`\bgo -C (\S+) run \.`)
)

// build makes the programs that commands run, all at once.
func build(t *testing.T, all []command) {
	t.Helper()
	built = t.TempDir()
	var here []string
	for _, c := range append(all, allSpans(t)...) {
		if m := goRun.FindStringSubmatch(c.text); m != nil {
			here = append(here, "./"+m[1])
		} else if m := goRunIn.FindStringSubmatch(c.text); m != nil {
			if at := filepath.Join(built, m[1]); !exists(at) {
				goBuild(t, "-C", m[1], "-ldflags=-s -w", "-o", at, ".")
			}
		}
	}
	slices.Sort(here)
	here = slices.Compact(here)
	goBuild(t, append([]string{"-ldflags=-s -w", "-o", built + "/"}, here...)...)
	self, err := os.Executable()
	if err == nil {
		err = os.Mkdir(filepath.Join(built, "bin"), 0o755) // apart from ours, of which one is named gzip
	}
	if err == nil {
		err = os.Symlink(self, filepath.Join(built, "bin", "nc"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// usage is what the program of a line says of itself, and its name.
func usage(t *testing.T, line string) (text string) {
	t.Helper()
	var cmd *exec.Cmd
	if m := goRun.FindStringSubmatch(line); m != nil {
		cmd = exec.Command(filepath.Join(built, filepath.Base(m[1])), "-h")
	} else if m := goRunIn.FindStringSubmatch(line); m != nil {
		_, after, _ := strings.Cut(line, m[0])
		args := []string{"-h"}
		if w := words(after); len(w) > 0 && !strings.HasPrefix(w[0], "-") {
			args = []string{w[0], "-h"}
		}
		cmd = exec.Command(filepath.Join(built, m[1]), args...)
	} else {
		return ""
	}
	out, _ := cmd.CombinedOutput() // one without flags may take -h for a file
	return string(out)
}

// checkFlags wants the program of a line that is not run, but stands in a sentence say, to have the flags that the line gives it.
func checkFlags(t *testing.T, c command) {
	t.Helper()
	text := usage(t, c.text)
	if text == "" {
		return
	}
	for _, w := range words(c.text)[2:] {
		if name := strings.TrimLeft(w, "-"); name != w && w != "-C" && !regexp.MustCompile(`(?m)^  -`+regexp.QuoteMeta(name)+`\b`).MatchString(text) {
			t.Errorf("%s: the program has no flag %s", c, w)
		}
	}
}

var (
	defaultAddress = regexp.MustCompile(`(?m)^  -(addr|tcp|http) .*\n.*\(default "(127\.0\.0\.1:\d+)"\)`)
	listensAt      = regexp.MustCompile(` -(?:addr|tcp|http) (127\.\S+)`)
)

// play does what a line says.
func (s *session) play(c command) {
	s.t.Helper()
	switch w := words(c.text); {
	case c.skip != "":
		s.t.Logf("not run: %s (%s)", c, c.skip)
		checkFlags(s.t, c)
		return
	case isGoTest(w):
		return // TestWhatCommandsOfMakeAndGoTestNameExists has looked at it
	case absent(c.text) != "":
		s.t.Logf("not run: %s (%s is not installed)", c, absent(c.text))
		return
	}
	text := c.text
	if strings.HasPrefix(text, "go run ") {
		for _, m := range defaultAddress.FindAllStringSubmatch(usage(s.t, text), -1) {
			if !strings.Contains(text, " -"+m[1]+" ") {
				text = strings.TrimSuffix(text, " &") + " -" + m[1] + " " + m[2] // what it does without being told
			}
		}
	}
	text = s.here(text)
	e := expected[c.page+": "+c.text]
	p := s.begin(c, text)
	p.says = e.says
	if at := listensAt.FindAllStringSubmatch(text, -1); at != nil && strings.HasPrefix(text, "go run ") {
		p.server = true
		for _, m := range at {
			s.hears(p, m[1])
		}
		return
	}
	if e.stays {
		if e.says == "" {
			time.Sleep(300 * time.Millisecond) // to do its worst
		}
		return
	}
	s.ends(p)
	s.hears(p, p.says)
	for begin := time.Now(); e.again && !s.allHeard(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > patience {
			break // settle says who has heard nothing
		}
		s.ends(s.begin(c, text))
	}
}

func (s *session) allHeard() bool {
	return !slices.ContainsFunc(s.running, func(p *process) bool { return !strings.Contains(p.output(), p.says) })
}

// settle waits until everybody has said what they say. Servers have to be there still. What else goes on may have ended: well,
// or when it had said it, as somebody who was put out of a room.
func (s *session) settle() {
	s.t.Helper()
	for _, p := range s.running {
		s.hears(p, p.says)
	}
	for _, p := range s.running {
		select {
		case err := <-p.ended:
			p.ended <- err
			if p.server || err != nil && p.says == "" {
				s.t.Errorf("%s\nhas ended: %v, and said\n%s", p.command, err, shortened(p.output()))
			}
		default:
		}
	}
}
