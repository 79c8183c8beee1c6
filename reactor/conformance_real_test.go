//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"testing"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

func TestConformanceOfTheRealKernel(t *testing.T) {
	t.Run("Parking", func(t *testing.T) {
		reactortest.Run(t, func(t *testing.T) reactortest.Harness {
			return newRealHarness(t, reactor.SystemOptions{})
		})
	})
	// Only the waiting differs: these parts are those that wait, and count how often.
	t.Run("Pinned", func(t *testing.T) {
		reactortest.Run(t, func(t *testing.T) reactortest.Harness {
			return newRealHarness(t, reactor.SystemOptions{Pinned: true})
		}, "Reading", "Connecting", "Listening", "Paused", "Costs", "Datagrams", "DatagramBursts", "DatagramSending", "DatagramErrors")
	})
}
