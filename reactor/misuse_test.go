package reactor_test

import (
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// TestMisuseThatNoInputCanCausePanics: a nil where a callback belongs.
func TestMisuseThatNoInputCanCausePanics(t *testing.T) {
	h := newSimHarness(t, simkernel.Options{})
	r := reactor.New(h.Kernel(), reactor.Options{})
	file, _ := h.InheritConn("tcp4")
	c, err := r.AdoptConn(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, misuse := range map[string]func(){
		"ReadStart":     func() { c.ReadStart(nil) },
		"Listen":        func() { r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, nil) },
		"AdoptListener": func() { r.AdoptListener(file, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it went through")
				}
			}()
			misuse()
		})
	}
}
