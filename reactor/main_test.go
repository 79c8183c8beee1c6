package reactor_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain sees that no goroutine is left behind by any test here: a reactor starts none.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
