package weirtest_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// TestTheMemoryPageIsRightToATenth compares the numbers of docs/memory.md with those that the code works with.
func TestTheMemoryPageIsRightToATenth(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		return // the page is about 64-bit systems
	}
	text, err := os.ReadFile(filepath.Join("..", "docs", "memory.md"))
	if err != nil {
		t.Fatal(err)
	}
	const connections = 10_000
	gathers := httpcore.Load{SmallestWrite: 1 << 10}
	lower := httpcore.Load{ReadBuffer: mark, Write: mark, SmallestWrite: 1 << 10}
	worst := httpcore.ServerOptions{}.MemoryBound(httpcore.Load{})
	fair := httpcore.ServerOptions{}.MemoryBound(gathers)
	short := httpcore.ServerOptions{Limits: h1.Limits{StartLine: 100, Header: 400, Trailer: 1}}.MemoryBound(httpcore.Load{})
	call := httpcore.AgentOptions{}.MemoryBound(httpcore.RequestOptions{}, httpcore.Load{})
	fairCall := httpcore.AgentOptions{}.MemoryBound(httpcore.RequestOptions{}, gathers)
	for _, claim := range []struct {
		before string // what the page says before the number, as a regular expression
		bytes  int
	}{
		{"\\| `Idle` \\| ", worst.Idle},
		{"\\| `Head` \\| ", worst.Head},
		{"\\| `Message` \\| ", worst.Message},
		{"\\| `Body` \\| ", worst.Body},
		{"\\| `Ahead` \\| ", worst.Ahead},
		{"\\| `Output` \\| ", worst.Output},
		{"Of `Output` ", worst.Output - fair.Output},
		{"is counted with ", (worst.Output - fair.Output) / (mark - mark>>10)},
		{"an `Output` of ", fair.Output},
		{"at the same time: ", worst.Connection},
		{"at the same time: .*?, or ", fair.Connection},
		{"whatever its connections do, ", worst.Loop},
		{"`Idle` \\+ 2 × `Loop` \\| ", connections*worst.Idle + 2*worst.Loop},
		{"`Message` with so much text \\| ", connections*(short.Idle+short.Message) + 2*worst.Loop},
		{"Total\\(10_000, 2\\)` \\| ", fair.Total(connections, 2)},
		{"writes of 16 KiB at most \\| ", httpcore.ServerOptions{HighWaterMark: 4 << 10}.MemoryBound(lower).Total(connections, 2)},
		{"pipe bodies to answers \\| ", worst.Total(connections, 2)},
		{"`Ahead` is 0, `Connection` is ", call.Connection},
		{"`Ahead` is 0, `Connection` is .*?, or ", fairCall.Connection},
		{"`Waiting`, ", call.Waiting},
		{"`loop.ConnBound\\(mark, writes, write\\)` \\| ", stream.SocketOptions{}.MemoryBound(64<<10, 16)},
		{"`loop.ConnBound\\(mark, writes, write\\)` \\| .*?, and ", loop.ConnBound(mark, 16, 64<<10)},
		{"`files.ReadOptions.MemoryBound\\(\\)` \\| ", files.ReadOptions{}.MemoryBound()},
		{"`files.WriteOptions.MemoryBound\\(write\\)` \\| ", files.WriteOptions{}.MemoryBound(64 << 10)},
	} {
		m := regexp.MustCompile(claim.before + `([0-9.]+) (bytes|[KMG]iB)`).FindSubmatch(text)
		if m == nil {
			t.Errorf("docs/memory.md has no number behind %q", claim.before)
			continue
		}
		said, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		unit := map[string]float64{"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[string(m[2])]
		if is := float64(claim.bytes) / unit; math.Abs(said-is) > is/10 {
			t.Errorf("docs/memory.md: %q %s, and it is %.1f %s", claim.before, m[0][len(m[0])-len(m[1])-len(m[2])-1:], is, m[2])
		}
	}
}
