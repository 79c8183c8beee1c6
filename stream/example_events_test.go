package stream_test

import (
	"fmt"

	"github.com/weir-go/weir/stream"
)

// Who makes a writable stream of its own has the listeners in one list, and tells them.
func ExampleWriterEvents() {
	var events stream.WriterEvents
	sub := events.OnDrain(func() { fmt.Println("go on") })
	events.OnFinish(func() { fmt.Println("finished") })
	events.OnClose(func() { fmt.Println("closed") })
	events.Drained()
	sub.Off()
	events.Drained()
	events.Finished()
	events.Closed()
	// Output:
	// go on
	// finished
	// closed
}
