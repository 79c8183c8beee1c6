package simkernel

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/weir-go/weir/reactor"
)

// op is what a line of the trace is about.
type op uint8

const (
	opWait op = iota
	opWaited
	opEvent
	opWoken
	opAdd
	opMod
	opDel
	opRead
	opWrite
	opWritev
	opAccept
	opConnect
	opConnectResult
	opListen
	opRelisten
	opClose
	opCloseWrite
	opSetOption
	opAdopt
	opReserve
	opUnlink
	opSendQueue
	opPollable
	opSegment
	opFin
	opReset
	opSyn
	opRefused
	opEstablished
	opQueued
	opPeerSend
	opPeerRecv
	opPeerFin
	opPeerClose
	opPeerReset
	opWork
	opWorked
	opDropped
	opNotify
	opUnnotify
	opRaise
	opSignal
	opDatagram
	opBind
	opSend
	opReceive
	opTakeError
	opDatagramLands
	opOpenFile
	opDupFile
	opPread
	opInMemory
	opSendFile
	opPwritev
	opFsync
	opFtruncate
	opFstat
	opCloseFile
	opRename
	opRemoveFile
	opOpenPipe
	opSplice
	opReadPipe
	opViolation
)

var opNames = [...]string{
	"wait", "waited", "event", "woken", "add", "mod", "del", "read", "write", "writev", "accept", "connect", "connectresult", "listen", "relisten",
	"close", "closewrite", "setoption", "adopt", "reserve", "unlink", "sendqueue", "pollable", "~segment", "~fin", "~rst", "~syn", "~refused", "~established", "~queued",
	"peer send", "peer recv", "peer fin", "peer close", "peer reset",
	"work", "~worked", "dropped", "notify", "unnotify", "raise", "~signal",
	"datagram", "bind", "send", "receive", "takeerror", "~datagram",
	"open", "dupfile", "pread", "inmemory", "sendfile", "pwritev", "fsync", "ftruncate", "fstat", "closefile", "rename", "removefile", "openpipe", "splice", "readpipe", "VIOLATION",
}

// record is a line of the trace before anybody has asked to read it.
type record struct {
	at     time.Duration
	arg    int64 // what was asked: a capacity, a mask, a timeout
	result int64 // what came of it: a count, a descriptor
	sample uint64
	id     int32 // descriptor, or the number of a socket for what happens on the wire
	op     op
	kernel int8 // -1: the outside
	errno  reactor.Errno
}

// log keeps the last records for people and a hash over all of them for comparing runs.
type log struct {
	ring  []record
	count int
	hash  uint64
}

func (l *log) add(r record) {
	l.ring[l.count%len(l.ring)] = r
	l.count++
	h := l.hash
	for _, v := range [...]uint64{
		uint64(r.at), uint64(r.arg), uint64(r.result), r.sample,
		uint64(uint32(r.id))<<32 | uint64(r.op)<<24 | uint64(uint8(r.kernel))<<16 | uint64(uint16(r.errno)),
	} {
		h = bits.RotateLeft64(h^v, 29) * 0x9e3779b97f4a7c15
	}
	l.hash = h
}

// TraceHash is a digest of the whole trace, from the world's first moment: two runs are equal if theirs are.
func (w *World) TraceHash() uint64 { return w.log.hash }

// Trace is the end of the trace as text, a line a call or event, at most Options.TraceLines of them.
func (w *World) Trace() string {
	var b strings.Builder
	l := &w.log
	first := max(0, l.count-len(l.ring))
	if first > 0 {
		fmt.Fprintf(&b, "… %d lines before\n", first)
	}
	for i := first; i < l.count; i++ {
		l.ring[i%len(l.ring)].format(&b)
	}
	fmt.Fprintf(&b, "%d lines, hash %016x\n", l.count, l.hash)
	return b.String()
}

func (r *record) format(b *strings.Builder) {
	fmt.Fprintf(b, "%15.6fms ", float64(r.at)/1e6)
	if r.kernel >= 0 {
		fmt.Fprintf(b, "k%d ", r.kernel)
	} else {
		b.WriteString("   ")
	}
	b.WriteString(opNames[r.op])
	switch r.op {
	case opWait:
		fmt.Fprintf(b, " %d changes, timeout %v", r.result, time.Duration(r.arg))
	case opWaited:
		fmt.Fprintf(b, " = %d", r.result)
	case opEvent:
		fmt.Fprintf(b, " fd %d slot %d.%d %v", r.id, uint32(r.sample), r.sample>>32, reactor.Readiness(r.arg))
	case opAdd, opMod, opDel:
		fmt.Fprintf(b, " fd %d slot %d.%d %v -> %v", r.id, uint32(r.sample), r.sample>>32, reactor.Armed(r.arg), reactor.Armed(r.result))
	case opRead, opWrite, opWritev, opPeerSend, opPeerRecv, opSend, opReceive, opPread, opPwritev, opInMemory, opSendFile, opReadPipe:
		fmt.Fprintf(b, " %d (%d) = %d", r.id, r.arg, r.result)
		if r.sample != 0 {
			fmt.Fprintf(b, " %x", r.sample)
		}
	case opAccept, opListen, opConnect, opReserve, opSendQueue, opQueued, opAdopt, opDatagram, opDupFile:
		fmt.Fprintf(b, " %d = %d", r.id, r.result)
	case opOpenFile:
		fmt.Fprintf(b, " %q = %d", tail(r.sample), r.result)
	case opRename, opRemoveFile, opRaise, opSignal, opNotify, opUnnotify:
		fmt.Fprintf(b, " %q", tail(r.sample))
	case opOpenPipe:
		fmt.Fprintf(b, " from %d to %d", r.id, r.result)
	case opSplice:
		fmt.Fprintf(b, " from %d to %d (%d) = %d", r.id, r.arg>>32, uint32(r.arg), r.result)
	case opSegment, opDatagramLands:
		fmt.Fprintf(b, " from #%d, %d bytes", r.id, r.arg)
	case opFin, opReset, opSyn, opRefused, opEstablished, opPeerFin, opPeerClose, opPeerReset:
		fmt.Fprintf(b, " #%d", r.id)
	default:
		fmt.Fprintf(b, " %d", r.id)
	}
	if r.errno != 0 {
		fmt.Fprintf(b, " %v", r.errno)
	}
	b.WriteByte('\n')
}

// sample is the first eight bytes of p: enough to see in a trace that two runs carried different bytes.
func sample(p []byte) uint64 {
	var v uint64
	for _, c := range p[:min(8, len(p))] {
		v = v<<8 | uint64(c)
	}
	return v
}

// sampleName is what of a signal's name tells it from others: its end. tail is the way back.
func sampleName(s string) uint64 { return sample([]byte(s[max(0, len(s)-8):])) }

func tail(v uint64) string {
	var b [8]byte
	for i := range b {
		b[7-i] = byte(v >> (8 * i))
	}
	return strings.TrimLeft(string(b[:]), "\x00")
}
