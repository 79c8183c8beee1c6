package loop

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// bothWays runs a scenario with the bytes spliced and copied. Nothing that a program sees may tell the two apart.
func bothWays(t *testing.T, scenario func(x *proxied)) {
	t.Helper()
	var logs [2][]string
	for i, copying := range []bool{false, true} {
		name := "spliced"
		if copying {
			name = "copied"
		}
		t.Run(name, func(t *testing.T) {
			x := newProxied(t, simkernel.Options{Seed: 1}, copying)
			x.record()
			scenario(x)
			x.wantSpliced(!copying)
			logs[i] = x.events
		})
	}
	if !slices.Equal(logs[0], logs[1]) {
		t.Errorf("the events are\n%s\nand copied they are\n%s", strings.Join(logs[0], "\n"), strings.Join(logs[1], "\n"))
	}
}

// piece is what one read takes. The first of a transfer is always copied: it shows that there is much to come.
const piece = 64 << 10

func TestASplicedPipeHasTheEventsOfACopiedOne(t *testing.T) {
	bothWays(t, func(x *proxied) {
		x.turn(func() { x.a.Pipe(x.b) })
		for range 5 {
			x.feed(piece)
		}
		if r, w := x.a.BytesRead(), x.b.BytesWritten(); r != 5*piece || w != 5*piece {
			x.t.Errorf("%d bytes read and %d written, of %d", r, w, 5*piece)
		}
		if !x.a.ReadableDidRead() {
			x.t.Error("nothing was read")
		}
		x.turn(x.near.CloseWrite)
		x.wantAll(5*piece, true)
		x.turn(x.far.CloseWrite)
		x.turn(func() { x.b.Resume() }) // to its end
		x.turn(x.a.End)
		if !x.a.Closed() || !x.b.Closed() {
			x.t.Error("a socket did not close")
		}
	})
}

func TestASlowDestinationStopsTheSourceOfASplice(t *testing.T) {
	const total = 4 << 20
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(total)
	const kernel = 128 << 10 // far's buffers
	if n := int(x.a.BytesRead()); n > kernel+320<<10 {
		t.Errorf("%d bytes were read while the other side reads nothing", n)
	}
	if x.sent == total || x.a.ReadableLength() > 0 {
		t.Errorf("the source could send %d bytes, %d wait in its socket", x.sent, x.a.ReadableLength())
	}
	queued := x.b.Transport().WriteQueueSize()
	if queued == 0 || queued != x.b.WritableLength() || queued != int(x.a.BytesRead())-kernel {
		t.Errorf("%d bytes wait, the stream says %d, and %d were read", queued, x.b.WritableLength(), x.a.BytesRead())
	}
	if c := x.a.Transport().(*reactor.Conn); c.Reading() {
		t.Error("the source is being read")
	}
	x.wantSpliced(true)
	x.flow()
	x.turn(x.near.CloseWrite)
	x.wantAll(total, true)
	if n := x.tubes(); n > 1 {
		t.Errorf("%d pipes are kept", n)
	}
}

func TestASpliceAfterTheHalfCloseOfTheOtherDirection(t *testing.T) {
	bothWays(t, func(x *proxied) {
		x.turn(func() { x.a.Pipe(x.b); x.b.Pipe(x.a) })
		x.turn(x.far.CloseWrite) // has said all it has to say
		if _, err := x.near.Recv(1); err != io.EOF {
			x.t.Errorf("the near side was told %v", err)
		}
		for range 4 {
			x.feed(piece)
		}
		x.turn(x.near.CloseWrite)
		x.turn(x.take)
		x.wantAll(4*piece, true)
		if !x.a.Closed() || !x.b.Closed() {
			x.t.Error("a socket did not close")
		}
	})
}

// The kernel's pipe is full, and the destination is lost.
func TestAResetOfTheDestinationEndsASplice(t *testing.T) {
	bothWays(t, func(x *proxied) {
		x.stall()
		x.turn(func() { x.a.Pipe(x.b) })
		x.feed(6 * piece)
		x.turn(x.far.Reset)
		if !x.b.Destroyed() || !errors.Is(x.b.Errored(), reactor.ECONNRESET) || x.a.Destroyed() {
			x.t.Errorf("destroyed %v with %v; the source %v", x.b.Destroyed(), x.b.Errored(), x.a.Destroyed())
		}
		if n := x.b.Transport().WriteQueueSize(); n != 0 || x.tubes() != 0 {
			x.t.Errorf("%d bytes are queued, %d pipes open", n, x.tubes())
		}
		if !x.a.IsPaused() {
			x.t.Error("the source flows to nobody")
		}
		x.events = slices.DeleteFunc(x.events, func(e string) bool { return strings.Contains(e, "error") }) // of send or splice
	})
}

// The kernel's pipe is full, and the source is lost: what it had sent before still arrives.
func TestAResetOfTheSourceLosesNothingOfASplice(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.a.OnError(func(error) {})
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(8 * piece)
	x.turn(func() { x.a.Destroy(nil) })
	read := int(x.a.BytesRead())
	if x.b.Destroyed() || x.b.Transport().WriteQueueSize() == 0 {
		t.Fatalf("destroyed %v, %d bytes queued", x.b.Destroyed(), x.b.Transport().WriteQueueSize())
	}
	x.wantSpliced(true)
	x.flow()
	x.wantAll(read, false)
}

func TestDestroyingTheDestinationOfASpliceTellsEverybodyOnce(t *testing.T) {
	bothWays(t, func(x *proxied) {
		x.stall()
		x.turn(func() { x.a.Pipe(x.b) })
		x.feed(6 * piece)
		told := 0
		x.turn(func() { x.b.WriteChunk([]byte("last"), func(error) { told++ }) })
		x.turn(func() { x.b.Destroy(nil) })
		if told != 1 || !x.b.Closed() || x.tubes() != 0 {
			x.t.Errorf("told %d times, closed %v, %d pipes open", told, x.b.Closed(), x.tubes())
		}
	})
}

func TestUnpipeInTheMiddleOfASpliceLosesNothing(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(10 * piece)
	x.turn(func() { x.a.Unpipe(x.b) })
	if x.a.ReadableLength() == 0 {
		t.Error("a paused socket that nobody holds back does not read ahead")
	}
	x.flow()
	n := len(x.got)
	x.wantAll(n, false)
	if n == 10*piece {
		t.Error("it went on without a pipe")
	}
	x.turn(func() { x.a.Pipe(x.b) })
	x.turn(x.near.CloseWrite)
	x.wantAll(10*piece, true)
	x.wantSpliced(true)
}

func TestAListenerInTheMiddleOfASpliceSeesAllFromThenOn(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.turn(func() { x.a.Pipe(x.b) })
	for range 3 {
		x.feed(piece)
	}
	x.wantSpliced(true)
	before, spliced, at := 3*piece, x.spliced(), 3*piece
	sub := x.a.OnData(func(p []byte) {
		for i := range p {
			if p[i] != relayed(at+i) {
				t.Fatalf("byte %d is seen as %#x", at+i, p[i])
			}
		}
		at += len(p)
	})
	for range 3 {
		x.feed(piece)
	}
	if at != before+3*piece || x.spliced() != spliced {
		t.Errorf("%d bytes were seen, %d were not", at-before, x.spliced()-spliced)
	}
	sub.Off()
	x.feed(4 * piece)
	if x.spliced() == spliced {
		t.Error("nothing is spliced any more after the listener has gone")
	}
	x.wantAll(10*piece, false)
}

func TestASecondDestinationInTheMiddleOfASpliceGetsAllFromThenOn(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(20 * piece)
	x.wantSpliced(true)
	at := int(x.a.BytesRead())
	first := at
	w := stream.NewWritable(x.l, stream.WritableOptions{Write: func(p []byte, done func(error)) {
		for i := range p {
			if p[i] != relayed(at+i) {
				t.Fatalf("byte %d reaches the second as %#x", at+i, p[i])
			}
		}
		at += len(p)
		done(nil)
	}})
	x.turn(func() { x.a.Pipe(w) })
	x.flow()
	x.turn(x.near.CloseWrite)
	x.wantAll(20*piece, true)
	if at != 20*piece {
		t.Errorf("the second got %d bytes of %d", at-first, 20*piece-first)
	}
}

func TestACorkAtTheDestinationHoldsBackASplice(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.turn(func() { x.a.Pipe(x.b) })
	for range 3 {
		x.feed(piece)
	}
	x.wantSpliced(true)
	x.turn(x.b.Cork)
	x.feed(5 * piece)
	x.wantAll(3*piece, false)
	x.turn(x.b.Uncork)
	x.turn(x.near.CloseWrite)
	x.wantAll(8*piece, true)
}

// What others write to the destination keeps its place among what is spliced, before and behind.
func TestWritesBetweenSplicesKeepTheirPlace(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	var at []int
	for range 5 {
		x.feed(2 * piece)
		x.turn(func() { at = append(at, int(x.b.BytesWritten())); x.b.Write([]byte{0xff, 0xfe}) })
		x.turn(func() { x.a.Resume() }) // whatever waits: more comes behind it
	}
	x.flow()
	x.feed(piece)
	for i := len(at) - 1; i >= 0; i-- {
		if x.got[at[i]] != 0xff || x.got[at[i]+1] != 0xfe {
			t.Fatalf("what was written at %d is not there", at[i])
		}
		x.got = slices.Delete(x.got, at[i], at[i]+2)
	}
	x.wantAll(11*piece, false)
	x.wantSpliced(true)
}

func TestAnEchoIsSpliced(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.turn(func() { x.a.Pipe(x.a) })
	var back []byte
	x.near.Notify(func(*simkernel.Peer) {
		x.send()
		p, _ := x.near.Recv(1 << 20)
		back = append(back, p...)
	})
	x.feed(20 * piece)
	x.turn(x.near.CloseWrite)
	if len(back) != 20*piece {
		t.Errorf("%d bytes came back of %d", len(back), 20*piece)
	}
	for i, b := range back {
		if b != relayed(i) {
			t.Fatalf("byte %d is %#x", i, b)
		}
	}
	x.wantSpliced(true)
	x.turn(func() { x.b.Destroy(nil) })
}

// Where the kernel can't, or can't any more, everything is copied.
func TestWhatCannotBeSplicedIsCopied(t *testing.T) {
	for _, c := range []struct {
		name string
		o    simkernel.Options
	}{
		{"no pipe", simkernel.Options{Faults: simkernel.Faults{PipeFail: 1}}},
		{"never for such sockets", simkernel.Options{Faults: simkernel.Faults{NoSplice: 1}}},
		{"another system", simkernel.Options{Temperament: simkernel.Kqueue}},
		{"an urgent byte is always in the way", simkernel.Options{Faults: simkernel.Faults{SpliceBlind: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newProxied(t, c.o, false)
			x.turn(func() { x.a.Pipe(x.b) })
			x.feed(20 * piece)
			x.turn(x.near.CloseWrite)
			x.wantAll(20*piece, true)
			x.wantSpliced(false)
			if n := x.w.Calls().OpenPipe; c.o.Temperament == simkernel.Kqueue && n > 1 {
				t.Errorf("a system without pipes was asked for %d", n)
			}
		})
	}
}

// What lies in the pipe when the destination turns out to take nothing from one is read back and sent.
func TestAPipeThatCannotBeEmptiedIntoTheSocketIsReadBack(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.stall()
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(10 * piece)
	at := 0
	x.turn(func() { at = int(x.b.BytesWritten()); x.b.Write([]byte{0xff}) })
	x.wantSpliced(true)
	x.w.SetFaults(simkernel.Faults{NoSplice: 1})
	x.flow()
	if x.w.Calls().ReadPipe == 0 {
		t.Error("nothing was read back")
	}
	if len(x.got) != 10*piece+1 || x.got[at] != 0xff {
		t.Fatalf("%d bytes have arrived, want %d and the one that was written in its place, %d", len(x.got), 10*piece+1, at)
	}
	x.got = slices.Delete(x.got, at, at+1)
	x.wantAll(10*piece, false)
}

func TestAnIdleSpliceHoldsNoPipe(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.turn(func() { x.a.Pipe(x.b) })
	x.feed(10 * piece)
	x.wantSpliced(true)
	if n := x.tubes(); n != 1 {
		t.Errorf("%d pipes are open, want the one that is kept for the next", n)
	}
	for range 10 {
		x.feed(2 * piece)
	}
	if n := x.w.Calls().OpenPipe; n != 1 {
		t.Errorf("%d pipes were made, want one that is used again", n)
	}
}

func TestTheLastConnectionThatClosesLeavesNoPipe(t *testing.T) {
	x := newProxied(t, simkernel.Options{}, false)
	x.turn(func() { x.a.Pipe(x.b) })
	for range 3 {
		x.feed(piece)
	}
	x.wantSpliced(true)
	x.turn(func() { x.a.Destroy(nil) })
	if n := x.tubes(); n != 1 {
		t.Errorf("%d pipes are open while a connection is, want 1", n)
	}
	x.turn(func() { x.b.Destroy(nil) })
	if n := x.tubes(); n != 0 {
		t.Errorf("%d pipes are open, and no connection is", n)
	}
}

// Small messages are copied: a splice is two calls more than it spares.
func TestSmallMessagesAreNotSpliced(t *testing.T) {
	x := newProxied(t, simkernel.Options{Seed: 1}, false)
	x.turn(func() { x.a.Pipe(x.b) })
	before := x.w.Calls()
	for range 50 {
		x.feed(1000)
	}
	after := x.w.Calls()
	x.wantAll(50_000, false)
	x.wantSpliced(false)
	if after.Splice != before.Splice || after.OpenPipe != before.OpenPipe {
		t.Error("the kernel was asked")
	}
	x.feed(3 * piece)
	x.wantSpliced(true)
	splices := x.spliced()
	x.feed(1000)
	x.feed(1000)
	if n := x.spliced() - splices; n > 1000 {
		t.Errorf("%d bytes of small messages are still spliced", n)
	}
}
