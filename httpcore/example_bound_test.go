package httpcore_test

import (
	"fmt"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
)

// How many connections a server may have whose process has a gigabyte for them: at their worst all at the same time.
func ExampleServerOptions_MemoryBound() {
	const memory, loops = 1 << 30, 2
	o := httpcore.ServerOptions{HighWaterMark: 4 << 10, Limits: h1.Limits{StartLine: 2 << 10, Header: 4 << 10, Field: 2 << 10, Trailer: 1 << 10}}
	b := o.MemoryBound(httpcore.Load{ReadBuffer: 16 << 10, Write: 4 << 10, SmallestWrite: 1 << 10})
	o.MaxConnections = (memory - loops*b.Loop) / b.Connection
	fmt.Println("more than 1000:", o.MaxConnections > 1000)
	fmt.Println("within memory:", b.Total(o.MaxConnections, loops) <= memory)
	// Output:
	// more than 1000: true
	// within memory: true
}
