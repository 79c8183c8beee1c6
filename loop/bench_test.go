package loop

import (
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// BenchmarkIteration is a pass through the phases in which one Idle runs and nothing is ready.
func BenchmarkIteration(b *testing.B) {
	l := newLoop(b, Options{})
	idle, left := l.NewIdle(), b.N
	begin(b, idle, func() {
		if left--; left <= 0 {
			idle.Stop()
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	if err := l.Run(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRoundTrip is a byte that goes to and fro between two connections of one loop: two events, two reads and two
// writes.
func BenchmarkRoundTrip(b *testing.B) { roundTrips(b, Options{}) }

func roundTrips(b *testing.B, o Options) {
	l := newLoop(b, o)
	client, server := pair(b, l, "tcp")
	left := b.N
	for _, c := range []*reactor.Conn{client, server} {
		read(b, c, func(p []byte, err error) {
			if err != nil {
				c.Close(nil)
				return
			}
			if c == client {
				if left--; left <= 0 {
					c.Close(nil)
					return
				}
			}
			c.WriteBorrowed(p, nil)
		})
	}
	send(b, client, "x", nil)
	b.ReportAllocs()
	b.ResetTimer()
	if err := l.Run(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRoundTripWatched is BenchmarkRoundTrip beside a watchdog.
func BenchmarkRoundTripWatched(b *testing.B) { roundTrips(b, Options{SlowCallback: time.Minute}) }
