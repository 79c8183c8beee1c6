package reactor_test

import (
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor/reactortest"
)

func TestConformanceOfTheSimulatedKernel(t *testing.T) {
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			reactortest.Run(t, func(t *testing.T) reactortest.Harness {
				return newSimHarness(t, simkernel.Options{Seed: 1, Temperament: temperament})
			})
		})
	}
}
