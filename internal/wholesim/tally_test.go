package wholesim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// tally counts what has happened, so that a test which finds nothing shows what it was about.
type tally struct {
	exchanges, whole int
	counts           map[string]int
	faults           map[string]int
}

func newTally() *tally { return &tally{counts: map[string]int{}, faults: map[string]int{}} }

func (t *tally) add(what string) { t.counts[what]++ }

func (t *tally) count(what string, n int) { t.counts[what] += n }

// take adds another tally.
func (t *tally) take(o *tally) {
	t.exchanges += o.exchanges
	t.whole += o.whole
	for what, n := range o.counts {
		t.counts[what] += n
	}
	for what, n := range o.faults {
		t.faults[what] += n
	}
}

func (t *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d exchanges, %d of them whole\n", t.exchanges, t.whole)
	for _, m := range []map[string]int{t.counts, t.faults} {
		for _, what := range slices.Sorted(maps.Keys(m)) {
			fmt.Fprintf(&b, "%10d  %s\n", m[what], what)
		}
	}
	return b.String()
}

// kinds are the errors that an exchange may have, and their names.
var kinds = []struct {
	name string
	err  error
}{
	{"cancelled", httpcore.ErrCanceled},
	{"cancelled", context.Canceled},
	{"the queue is full", httpcore.ErrQueueFull},
	{"timeout", httpcore.ErrResponseTimeout},
	{"ECONNREFUSED", reactor.ECONNREFUSED},
	{"EMFILE", reactor.EMFILE},
	{"ENFILE", reactor.ENFILE},
	{"ENOMEM", reactor.ENOMEM},
	{"ENOSPC", reactor.ENOSPC},
	{"ENOENT", reactor.ENOENT},
	{"EACCES", reactor.EACCES},
	{"EIO", reactor.EIO},
	{"EPIPE", reactor.EPIPE},
	{"ECONNRESET", reactor.ECONNRESET},
	{"ETIMEDOUT", reactor.ETIMEDOUT},
	{"the file is shorter", io.ErrUnexpectedEOF},
	{"hang-up", httpcore.ErrHangUp},
	{"aborted", httpcore.ErrAborted},
	{"closed too early", stream.ErrPrematureClose},
	{"destroyed", stream.ErrDestroyed},
}

// kindOf is the name of an error; "" if it has none that anybody could act on.
func kindOf(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return ""
}

// usualFaults and usual, which is what becomes of exchanges, are what every run sees that is long enough.
var (
	usualFaults = []string{
		"Abort", "AcceptFail", "ChangeFail", "Dribble", "Early", "FileError", "Hold", "Interrupt", "NotCached", "OpenFail", "Refuse", "Reorder", "Reset",
		"ShortRead", "ShortWrite", "SignalDelay", "SlowConnect", "Split", "Spurious", "Stale", "TimeJump", "Truncate", "WallJump", "WorkAtOnce",
		"WorkDelay", "WouldBlock",
	}
	usual = []string{
		"SIGTERM", "a handler's panic", "an answer cut off", "answered with 408", "answered with 413", "answered with 500", "answered with 502",
		"answered with 503", "backpressure at a client", "bytes spliced", "deaths", "drains", "download: EACCES", "download: EIO", "download: EMFILE", "download: ENFILE",
		"download: ENOENT", "error ECONNREFUSED", "error ECONNRESET", "error EMFILE", "error ENOMEM", "error cancelled", "error hang-up",
		"error the queue is full", "error timeout", "nobody reads", "pipelined, answered with 502", "pipelined, not answered", "pipelined, whole",
		"relay: ECONNREFUSED", "relay: ECONNRESET", "relay: hang-up", "relay: the queue is full", "reloads", "requests made once more",
		"requests over a connection that had served others", "static told why", "tries again", "upload: ECONNRESET", "upload: EIO", "upload: ENOSPC",
		"upload: aborted", "walks away", "whole, d, 200", "whole, d, 404", "whole, e, 200", "whole, f, 200", "whole, f, 206", "whole, f, 304",
		"whole, f, 416", "whole, g, 200", "whole, m, 200", "whole, n, 204", "whole, n, 304", "whole, u, 201",
	}
)

// judge wants enough to have been whole, and in a long run everything to have happened.
func (t *tally) judge(x interface{ Errorf(string, ...any) }) {
	if t.exchanges >= 1000 && t.whole < t.exchanges/3 {
		x.Errorf("of %d exchanges %d were whole: too few to tell anything", t.exchanges, t.whole)
	}
	if t.exchanges < 50_000 {
		return
	}
	for _, fault := range usualFaults {
		if t.faults[fault] == 0 {
			x.Errorf("%s has never struck", fault)
		}
	}
	for _, what := range usual {
		if t.counts[what] == 0 {
			x.Errorf("%q has never happened", what)
		}
	}
}
