package loop

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkPost is the time from the first post to the last that has run, for each post.
func BenchmarkPost(b *testing.B) {
	for _, senders := range []int{1, 4} {
		b.Run(fmt.Sprintf("from%d", senders), func(b *testing.B) {
			l := newLoop(b, Options{})
			keep := l.NewAsync(nil)
			fn := func() {}
			var wg sync.WaitGroup
			for range senders {
				wg.Go(func() {
					for range b.N/senders + 1 {
						l.Post(fn)
					}
				})
			}
			go func() {
				wg.Wait()
				l.Post(func() { keep.Close(nil) })
			}()
			run(b, l)
		})
	}
}
