package simkernel

import "os"

// Work runs fn from inside a later Wait, at a moment that the seed decides.
func (k *Kernel) Work(slow bool, fn func()) bool { return false }

// Notify has fn called when the test raises sig: see World.Raise.
func (k *Kernel) Notify(sig os.Signal, fn func()) (stop func()) { return nil }
