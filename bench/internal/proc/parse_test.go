package proc

import (
	"slices"
	"testing"
)

const status = `Name:	echo
VmHWM:	    5120 kB
VmRSS:	    4096 kB
Threads:	3
voluntary_ctxt_switches:	17
nonvoluntary_ctxt_switches:	4
`

func TestStatusField(t *testing.T) {
	for name, want := range map[string]int64{
		"VmRSS": 4096, "VmHWM": 5120, "Threads": 3,
		"voluntary_ctxt_switches": 17, "nonvoluntary_ctxt_switches": 4,
	} {
		if got, err := statusField(status, name); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, want)
		}
	}
	for _, name := range []string{"VmSwap", "Vm", "Name"} {
		if got, err := statusField(status, name); err == nil {
			t.Errorf("%s: got %d, want an error", name, got)
		}
	}
}

func TestParseSchedstat(t *testing.T) {
	run, wait, err := parseSchedstat("1048288 384237 2\n")
	if err != nil || run != 1048288 || wait != 384237 {
		t.Errorf("got %d, %d, %v, want 1048288, 384237", run, wait, err)
	}
	for _, bad := range []string{"", "12", "a b c", "1 b c"} {
		if _, _, err := parseSchedstat(bad); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}

func TestParseCPUList(t *testing.T) {
	for text, want := range map[string][]int{
		"": nil, "0\n": {0}, "0-2,8\n": {0, 1, 2, 8}, "3,1": {3, 1},
	} {
		if got, err := parseCPUList(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"x", "1-", "3-1"} {
		if got, err := parseCPUList(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}
