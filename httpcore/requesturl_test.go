package httpcore

import (
	"net/url"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// What is not parsed as a URL must be what parsing would make of it, or be refused in both ways.
func TestAURLThatIsOnlyAHostMeansWhatItMeansToURLParse(t *testing.T) {
	pieces := []string{"", "a", "A", "a.b-c", "127.0.0.1", "[::1]", ":", ":80", ":8080", ":http", "@", "?", "#", "/", "//", "%41", " ", "\\", "\x7f", "é", "_"}
	taken := 0
	for _, x := range pieces {
		for _, y := range pieces {
			for _, z := range pieces {
				raw := "http://" + x + y + z
				authority, ok := onlyAuthority(raw)
				if !ok {
					continue
				}
				u, err := url.Parse(raw)
				if err != nil || u.Host == "" {
					if r := (&ClientRequest{method: "GET"}); h1.ValidHost(authority) {
						if _, err := r.resolve(raw); err == nil {
							t.Errorf("%q is taken, and is no URL", raw)
						}
					}
					continue
				}
				taken++
				if u.Host != authority || u.RequestURI() != "/" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
					t.Errorf("%q: the authority is %q, url.Parse says %+v", raw, authority, u)
				}
			}
		}
	}
	if taken < 20 {
		t.Errorf("only %d were taken", taken)
	}
}
