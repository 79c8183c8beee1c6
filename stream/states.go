package stream

import "fmt"

// Each life-cycle here is a table of legal moves, and the table is what runs: the move methods below are the only
// places that change such a state. 0 stands for "no such state" and "no such move"; making one is a bug of this package
// and panics. What is independent of a cycle is a state of its own, or a flag beside it.

// A stream's life, which the two halves of a Duplex share.
type lifeState uint8

const (
	lifeAlive      lifeState = iota + 1 // in use
	lifeDestroying                      // Destroy was called; its hook is at work
	lifeClosed                          // the hook is done; 'error' and 'close' are scheduled
	lifeGone                            // 'close' was emitted, or would have been
)

type lifeInput uint8

const (
	lifeDestroy   lifeInput = iota // Destroy, by the user or by the stream itself
	lifeDestroyed                  // the hook called done
	lifeClose                      // the tick that emits
	lifeInputs
)

var lifeMoves = [...][lifeInputs]lifeState{
	lifeAlive:      {lifeDestroy: lifeDestroying},
	lifeDestroying: {lifeDestroyed: lifeClosed},
	lifeClosed:     {lifeClose: lifeGone},
	lifeGone:       {},
}

func (s *lifeState) move(in lifeInput) {
	to := lifeMoves[*s][in]
	if to == 0 {
		illegal(cycleLife, uint8(*s), uint8(in))
	}
	*s = to
}

// What a Readable has to give.
type readState uint8

const (
	readOpen  readState = iota + 1 // more may be pushed
	readEnded                      // the end of input was pushed; bytes may be buffered yet
	readDone                       // 'end' was emitted
	readOff                        // a Duplex without a readable half
)

type readInput uint8

const (
	readEOF readInput = iota // PushEOF
	readEnd                  // the tick that emits
	readInputs
)

var readMoves = [...][readInputs]readState{
	readOpen:  {readEOF: readEnded},
	readEnded: {readEnd: readDone},
	readDone:  {},
	readOff:   {},
}

func (s *readState) move(in readInput) {
	to := readMoves[*s][in]
	if to == 0 {
		illegal(cycleRead, uint8(*s), uint8(in))
	}
	*s = to
}

// Flow says who moves a Readable's bytes: nobody yet, the reader by calls of ReadChunk, or the stream itself.
type Flow uint8

// The flow of a Readable.
const (
	FlowUnset Flow = iota + 1 // nobody has asked: bytes are buffered up to the mark
	FlowOff                   // Pause, or a listener of OnReadable
	FlowOn                    // Resume, Pipe, or a listener of OnData: bytes are given out as they come
)

// String is Node's value of readableFlowing.
func (f Flow) String() string {
	switch f {
	case FlowUnset:
		return "null"
	case FlowOff:
		return "false"
	case FlowOn:
		return "true"
	}
	return fmt.Sprintf("Flow(%d)", uint8(f))
}

type flowInput uint8

const (
	flowPause   flowInput = iota // Pause, or a pipe's destination that has answered false
	flowResume                   // Resume, without listeners of OnReadable; or those have just gone
	flowHold                     // Resume while somebody listens for 'readable', who reads by calls
	flowListen                   // the first listener of OnReadable
	flowRelease                  // the last one is gone, and nobody else is there
	flowInputs
)

var flowMoves = [...][flowInputs]Flow{
	FlowUnset: {flowPause: FlowOff, flowResume: FlowOn, flowHold: FlowOff, flowListen: FlowOff, flowRelease: FlowUnset},
	FlowOff:   {flowPause: FlowOff, flowResume: FlowOn, flowHold: FlowOff, flowListen: FlowOff, flowRelease: FlowUnset},
	FlowOn:    {flowPause: FlowOff, flowResume: FlowOn, flowListen: FlowOff, flowRelease: FlowUnset},
}

func (f *Flow) move(in flowInput) {
	to := flowMoves[*f][in]
	if to == 0 {
		illegal(cycleFlow, uint8(*f), uint8(in))
	}
	*f = to
}

// A call of a hook that answers once: Read by a push, Write by its done. It matters whether the answer comes inside the
// call, because what follows from it must then wait for a tick.
type callState uint8

const (
	callFresh    callState = iota + 1 // never called; counts as inside, so that nothing is emitted before the first call
	callIdle                          // no call is under way
	callInside                        // inside the call, not answered
	callAnswered                      // inside the call, answered
	callWaiting                       // the call has returned; the answer is due
)

type callInput uint8

const (
	callEnter  callInput = iota // the hook is called
	callAnswer                  // it has answered: a push, done
	callReturn                  // it has returned
	callInputs
)

// An answered call may be entered again before it returns: what answers it may read or write.
var callMoves = [...][callInputs]callState{
	callFresh:    {callEnter: callInside, callAnswer: callFresh},
	callIdle:     {callEnter: callInside, callAnswer: callIdle, callReturn: callIdle},
	callInside:   {callAnswer: callAnswered, callReturn: callWaiting},
	callAnswered: {callEnter: callInside, callAnswer: callAnswered, callReturn: callIdle},
	callWaiting:  {callAnswer: callIdle, callReturn: callWaiting},
}

func (s *callState) move(in callInput) {
	to := callMoves[*s][in]
	if to == 0 {
		illegal(cycleCall, uint8(*s), uint8(in))
	}
	*s = to
}

// busy reports whether an answer is due.
func (s callState) busy() bool { return s == callInside || s == callWaiting }

// inside reports whether the hook has not returned.
func (s callState) inside() bool { return s == callInside || s == callAnswered || s == callFresh }

// What a Writable accepts.
type writeState uint8

const (
	writeOpen        writeState = iota + 1 // writes are accepted
	writeEnding                            // End was called; bytes may be queued yet
	writeFinal                             // all bytes are written; the Final hook is at work
	writePrefinished                       // 'prefinish' was emitted: 'finish' waits for callbacks that are due
	writeFinished                          // 'finish' was emitted
	writeOff                               // a Duplex without a writable half
)

type writeInput uint8

const (
	writeEnd       writeInput = iota // End
	writeCallFinal                   // all bytes are written, and there is a Final hook
	writePrefinish                   // the hook called done; or all bytes are written, and there is none
	writeFinish                      // the tick that emits
	writeInputs
)

var writeMoves = [...][writeInputs]writeState{
	writeOpen:        {writeEnd: writeEnding},
	writeEnding:      {writeCallFinal: writeFinal, writePrefinish: writePrefinished},
	writeFinal:       {writePrefinish: writePrefinished},
	writePrefinished: {writeFinish: writeFinished},
	writeFinished:    {},
	writeOff:         {},
}

func (s *writeState) move(in writeInput) {
	to := writeMoves[*s][in]
	if to == 0 {
		illegal(cycleWrite, uint8(*s), uint8(in))
	}
	*s = to
}

// cycle is a table for people: its names, in the order of the numbers.
type cycle struct {
	name   string
	states []string // from 1 on
	inputs []string
	next   func(state, input uint8) uint8
}

// The places of the tables in cycles.
const (
	cycleLife  = iota // of lifeMoves
	cycleRead         // of readMoves
	cycleFlow         // of flowMoves
	cycleCall         // of callMoves
	cycleWrite        // of writeMoves
)

// cycles are all tables, for messages and for the pictures in the documentation.
var cycles = [...]cycle{
	cycleLife: {
		"life",
		[]string{"alive", "destroying", "closed", "gone"},
		[]string{"destroy", "destroyed", "close"},
		func(s, in uint8) uint8 { return uint8(lifeMoves[s][in]) },
	},
	cycleRead: {
		"readable",
		[]string{"open", "ended", "done", "off"},
		[]string{"eof", "end"},
		func(s, in uint8) uint8 { return uint8(readMoves[s][in]) },
	},
	cycleFlow: {
		"flow",
		[]string{"unset", "off", "on"},
		[]string{"pause", "resume", "hold", "listen", "release"},
		func(s, in uint8) uint8 { return uint8(flowMoves[s][in]) },
	},
	cycleCall: {
		"call",
		[]string{"fresh", "idle", "inside", "answered", "waiting"},
		[]string{"enter", "answer", "return"},
		func(s, in uint8) uint8 { return uint8(callMoves[s][in]) },
	},
	cycleWrite: {
		"writable",
		[]string{"open", "ending", "final", "prefinished", "finished", "off"},
		[]string{"end", "call final", "prefinish", "finish"},
		func(s, in uint8) uint8 { return uint8(writeMoves[s][in]) },
	},
}

func illegal(which int, state, input uint8) {
	c := &cycles[which]
	panic("stream: " + c.name + ": no move from " + c.states[state-1] + " by " + c.inputs[input])
}
