package httpcore

import (
	"errors"
	"testing"
)

func TestFieldsOfAListAreAddedAllOrNone(t *testing.T) {
	res := &ServerResponse{minor: 1}
	res.outgoing.init(&shared{}, res)
	res.SetHeader("A", "1")
	for _, k := range []struct {
		want error
		list []string
	}{
		{nil, []string{"A", "2", "B", " 3 "}},
		{ErrOddFields, []string{"C"}},
		{ErrInvalidValue, []string{"Content-Length", "5", "C", "\n"}},
		{ErrInvalidName, []string{"Content-Length", "5", "", "c"}},
		{nil, nil},
	} {
		if err := res.AppendHeaders(k.list...); !errors.Is(err, k.want) {
			t.Errorf("%q: got %v, want %v", k.list, err, k.want)
		}
	}
	if res.Header("B") != "3" || len(res.fields()) != 3 || res.HasHeader("C") || res.isSet(setLength) {
		t.Errorf("the fields are %q, and a length is set: %t", res.fields(), res.isSet(setLength))
	}
	res.headSent = true
	if err := res.AppendHeaders("D", "1"); !errors.Is(err, ErrHeadersSent) {
		t.Errorf("behind the head: got %v", err)
	}
}
