package httpcore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// However many fields a message has, and whatever was done to them, it has those of a plain list.
func TestAMessageHasItsFieldsInOrderHoweverManyThereAre(t *testing.T) {
	names := []string{"A", "b", "C", "Vary", "date", "e"}
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var o outgoing
		var model []header
		is := func(name string) func(header) bool {
			return func(h header) bool { return strings.EqualFold(h.name, name) }
		}
		for step := range rnd.IntN(24) {
			name, value := names[rnd.IntN(len(names))], fmt.Sprint(step)
			if rnd.IntN(2) == 0 {
				name = strings.ToUpper(name)
			}
			switch rnd.IntN(4) {
			case 0:
				o.SetHeader(name, value)
				if i := slices.IndexFunc(model, is(name)); i >= 0 {
					rest := slices.DeleteFunc(slices.Clone(model[i+1:]), is(name))
					model = append(append(slices.Clip(model[:i]), header{name, value}), rest...)
				} else {
					model = append(model, header{name, value})
				}
			case 1:
				o.AppendHeader(name, value)
				model = append(model, header{name, value})
			case 2:
				o.RemoveHeader(name)
				model = slices.DeleteFunc(model, is(name))
			case 3:
				if err := o.addAll([]string{name, value, "F", value, "not a name", value}); err == nil {
					t.Fatal("what is no name is taken for one")
				}
				if rnd.IntN(2) == 0 {
					o.addAll([]string{name, value, "G", value})
					model = append(model, header{name, value}, header{"G", value})
				}
			}
			if got := o.fields(); !slices.Equal(got, model) {
				t.Fatalf("seed %d, step %d: got %v, want %v", seed, step, got, model)
			}
		}
	}
}
