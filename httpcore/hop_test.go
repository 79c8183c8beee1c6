package httpcore

import (
	"slices"
	"testing"
)

func TestWhatSpeaksOfOneConnectionIsNotHandedOn(t *testing.T) {
	const hops = "Connection:close, X-Hop\nKeep-Alive:timeout=1\nTransfer-Encoding:chunked\nTE:trailers\nUpgrade:foo\nx-hop:1\nconnection:X-OTHER\nX-Other:1\n"
	for _, k := range []struct {
		fields section
		want   []string
	}{
		{hops + "X-A:1\nX-A:2\n", []string{"X-A", "1", "X-A", "2"}},
		{"Connection:\nConnection: , keep-alive,,x-a\nX-A:1\nX:1\n", []string{"X", "1"}},
		{"Close:1\nConnection:close\nX-A:1\n", []string{"X-A", "1"}},
		{"Trailer:X-Tail\n", []string{"Trailer", "X-Tail"}},
		{"Trailer:X-Tail\nContent-Length:3\n", []string{"Content-Length", "3"}},
	} {
		if got := (&IncomingMessage{text: string(k.fields)}).EndToEndHeaders(); !slices.Equal(got, k.want) {
			t.Errorf("%q: got %q, want %q", k.fields, got, k.want)
		}
		if got := (&Information{fields: k.fields}).EndToEndHeaders(); !slices.Equal(got, k.want) {
			t.Errorf("%q of an interim response: got %q, want %q", k.fields, got, k.want)
		}
	}
}

func TestHandingOnFieldsAllocatesTheirListOnly(t *testing.T) {
	fields := section("Host:a\nConnection:keep-alive\nKeep-Alive:timeout=1\nX-A:1\nContent-Length:3\n")
	if got := testing.AllocsPerRun(100, func() { fields.handedOn() }); got > 1 {
		t.Errorf("got %v allocations, want 1", got)
	}
}
