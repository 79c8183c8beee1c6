package httpcore

import (
	"net/url"
	"testing"
)

// What is not parsed as a URL must be what parsing would make of it.
func TestAURLThatIsOnlyAHostMeansWhatItMeansToURLParse(t *testing.T) {
	pieces := []string{
		"", "a", "A", "a.b-c", "127.0.0.1", "[::1]", ":", ":80", ":080", ":8080", ":65535", ":65536", ":0", ":http", "@", "?", "#", "/", "//",
		"%41", " ", "\\", "\x7f", "é", "_",
	}
	taken := 0
	for _, x := range pieces {
		for _, y := range pieces {
			for _, z := range pieces {
				raw := "http://" + x + y + z
				address, host, ok := plainAuthority(raw)
				if !ok {
					continue
				}
				taken++
				r := &ClientRequest{method: "GET"}
				u, err := url.Parse(raw)
				if err == nil {
					err = r.absolute(u)
				}
				if err != nil || u.User != nil || u.Fragment != "" || r.target != "/" {
					t.Errorf("%q is taken, and url.Parse says %v, %+v", raw, err, u)
					continue
				}
				if a, h, auth, err := apart(u); a != address || h != host || auth != "" || err != nil {
					t.Errorf("%q is %q for %q; by url.Parse it is %q for %q and %q, %v", raw, address, host, a, h, auth, err)
				}
			}
		}
	}
	if taken < 50 {
		t.Errorf("only %d were taken", taken)
	}
}

func TestAURLThatIsOnlyAHostAndAPortNeedsNoMemory(t *testing.T) {
	r := &ClientRequest{method: "GET"}
	got := testing.AllocsPerRun(100, func() {
		if _, err := r.resolve("http://127.0.0.1:8080", &RequestOptions{}); err != nil {
			t.Error(err)
		}
	})
	if got > 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}
