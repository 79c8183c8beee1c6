package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
)

func TestABodyIsItsKeysAndNothingElse(t *testing.T) {
	const key, n = 60_000, 3*tableSize + 17
	text, err := io.ReadAll(&body{key: key, n: n})
	if err != nil || len(text) != n {
		t.Fatalf("got %d bytes, %v, want %d", len(text), err, n)
	}
	for cut := 1; cut < n; cut += 1009 {
		c := &checker{key: key}
		_, first := c.Write(text[:cut])
		_, second := c.Write(text[cut:])
		if first != nil || second != nil || c.n != n {
			t.Fatalf("cut at %d: %v, %v, %d bytes", cut, first, second, c.n)
		}
	}
	for _, spoilt := range [][]byte{
		append(bytes.Clone(text[:5000]), text[5001:]...),                                  // a byte is lost
		append(bytes.Clone(text[:64<<10]), text[128<<10:]...),                             // a buffer is
		append(bytes.Clone(text[:16<<10]), text...),                                       // a buffer comes twice
		append(append(bytes.Clone(text[:4096]), text[8192:12288]...), text[4096:8192]...), // two are exchanged
	} {
		if _, err := (&checker{key: key}).Write(spoilt); err == nil {
			t.Errorf("%d bytes that are wrong are taken for right", len(spoilt))
		}
	}
}

func TestAnUploadIsWhatItsNameSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), uploadName(7, 100, "x"))
	if there, err := verifyUpload(path); there || err != nil {
		t.Errorf("before it is there: %t, %v", there, err)
	}
	text := content(7, 0, 100)
	os.WriteFile(path, text, 0o600)
	if there, err := verifyUpload(path); !there || err != nil {
		t.Errorf("got %t, %v", there, err)
	}
	os.WriteFile(path, text[:99], 0o600)
	if _, err := verifyUpload(path); err == nil {
		t.Error("a byte is missing, and nothing is said")
	}
}

func TestMemoryThatGrowsIsNotFlat(t *testing.T) {
	grows, steady := make([]int64, 90), make([]int64, 90)
	for i := range grows {
		grows[i] = 10<<20 + int64(i)*50_000
		steady[i] = 10<<20 + int64(i%7)*100_000
	}
	steady[80] *= 3 // a peak is no growth
	if f, ok := flat(grows); !ok || !f.grows(longEnough) {
		t.Errorf("it grows, and is %v", f)
	} else if f.grows(time.Minute) {
		t.Errorf("in a short run %v may be one burst", f)
	}
	if f, ok := flat(steady); !ok || f.grows(longEnough) {
		t.Errorf("it is steady, and is %v", f)
	}
	if _, ok := flat(grows[:8]); ok {
		t.Error("eight samples are enough")
	}
}

func TestOnlyWhatAFaultExplainsIsExplained(t *testing.T) {
	for _, k := range []struct {
		err  error
		want outcome
	}{
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), refused},
		{fmt.Errorf("read: %w", syscall.ECONNRESET), cut},
		{httpcore.ErrHangUp, cut},
		{io.ErrUnexpectedEOF, cut},
		{httpcore.ErrResponseTimeout, wrong},
		{fmt.Errorf("byte 7 of the body of key 3 is wrong"), wrong},
	} {
		if got := outcomeOf(k.err); got != k.want {
			t.Errorf("%v: got %s, want %s", k.err, got, k.want)
		}
	}
	var out bytes.Buffer
	s := newSayer()
	s.out = json.NewEncoder(&out)
	s.count(&route{Name: "a", Class: frail}, "x", cut, syscall.EPIPE)
	if out.Len() > 0 {
		t.Errorf("a mortal server that cuts is told: %s", &out)
	}
	s.count(&route{Name: "b", Class: steady}, "x", cut, syscall.EPIPE)
	if !strings.Contains(out.String(), "over b: cut") {
		t.Errorf("a steady server that cuts is not told: %s", &out)
	}
}

func TestGoroutinesAreCountedWithoutTheRuntimes(t *testing.T) {
	const stacks = "goroutine 1 [select]:\nmain.main()\n\nruntime.main()\n\ngoroutine 2 [idle]:\nruntime.gopark()\ncreated by runtime.init.7 in goroutine 1\n\n" +
		"goroutine 9 [syscall]:\nos/signal.loop()\ncreated by os/signal.Notify.func1.1 in goroutine 1\n"
	if n := goroutines(stacks); n != 2 {
		t.Errorf("got %d, want 2", n)
	}
}
