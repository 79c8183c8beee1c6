package loop_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// What takes long and computes is done by another goroutine; done has the result on the loop's.
func ExampleLoop_QueueWork() {
	l := newLoop()
	defer l.Close()
	sum := 0
	_, err := l.QueueWork(func() { // it must not touch the loop
		for i := range 1000 {
			sum += i
		}
	}, func(err error) {
		fmt.Println("sum:", sum, err)
	})
	if err != nil {
		log.Fatal(err)
	}
	l.Run() // until the work has ended
	// Output: sum: 499500 <nil>
}

// The pool has one goroutine, and the first work keeps it busy: the second can still be cancelled, the first can't.
func ExampleWork_Cancel() {
	l, err := loop.New(loop.Options{Pool: loop.NewPool(1)})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	begun, end := make(chan struct{}), make(chan struct{})
	first, _ := l.QueueWork(func() {
		close(begun)
		<-end
	}, func(err error) { fmt.Println("first:", err) })
	second, _ := l.QueueWork(func() { fmt.Println("never") }, func(err error) {
		fmt.Println("second was cancelled:", errors.Is(err, reactor.ECANCELED))
		close(end)
	})
	<-begun
	fmt.Println("too late for the first:", errors.Is(first.Cancel(), reactor.EBUSY))
	fmt.Println("in time for the second:", second.Cancel() == nil)
	l.Run()
	// Output:
	// too late for the first: true
	// in time for the second: true
	// second was cancelled: true
	// first: <nil>
}

// The first interrupt ends the loop in good order. A second one would end the program at once, even if a callback never
// returned.
func ExampleSignal() {
	l := newLoop()
	defer l.Close()
	serving := l.NewAsync(nil) // stands for whatever keeps the loop running
	interrupt := l.NewSignal()
	err := interrupt.StartOneShot(os.Interrupt, func(sig os.Signal) {
		fmt.Println("got", sig)
		serving.Close(nil)
		interrupt.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		log.Fatal(err)
	}
	self.Signal(os.Interrupt) // Ctrl-C
	fmt.Println("Run:", l.Run())
	// Output:
	// got interrupt
	// Run: <nil>
}

// Slow work never has more than half of a pool, so what computes does not wait for what waits for a disk.
func ExamplePool() {
	l, err := loop.New(loop.Options{Pool: loop.NewPool(2)}) // loops may share one
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	disk := make(chan struct{})
	for range 2 {
		l.QueueSlowWork(func() { <-disk }, func(error) { fmt.Println("slow") })
	}
	l.QueueWork(func() {}, func(error) {
		fmt.Println("quick")
		close(disk)
	})
	l.Run()
	// Output:
	// quick
	// slow
	// slow
}

// A callback that panics ends what it belonged to, here nothing, and not the program.
func ExamplePanicError() {
	l, err := loop.New(loop.Options{OnPanic: func(e *loop.PanicError) {
		fmt.Println(e) // and e.Stack says where
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Post(func() { panic("index out of range") })
	l.Post(func() { fmt.Println("the next callback") })
	fmt.Println("Run:", l.Run())
	// Output:
	// panic in a callback: index out of range
	// the next callback
	// Run: <nil>
}
