//go:build linux && race

package reactor

import (
	"runtime"
	"unsafe"
)

// The race detector does not see what a raw system call does to memory; these two tell it. They are the one difference
// between the builds.

func raceRead(p []byte) {
	if len(p) > 0 {
		runtime.RaceReadRange(unsafe.Pointer(unsafe.SliceData(p)), len(p))
	}
}

func raceWrite(p []byte) {
	if len(p) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(p)), len(p))
	}
}
