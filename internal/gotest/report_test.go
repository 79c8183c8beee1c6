package main

import (
	"strings"
	"testing"
)

func TestReportOfAPassingRunIsOneLineAPackage(t *testing.T) {
	got, ok := replay(t, `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`)
	want := "ok  \tp\t0.1s\ntests: 1 passed, 0 failed, 0 skipped\n"
	if got != want || !ok {
		t.Errorf("got %q, ok %v, want %q, ok true", got, ok, want)
	}
}

func TestReportOfAFailureShowsItsOutputAndTheSeed(t *testing.T) {
	got, ok := replay(t, `
{"Action":"output","Package":"p","Output":"-test.shuffle 42\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: the reason\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`)
	for _, want := range []string{"the reason", "--- FAIL: TestA", "-test.shuffle 42", "FAIL\tp", "tests: 0 passed, 1 failed, 0 skipped\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
	if ok {
		t.Error("got ok, want a failure")
	}
}

func TestReportOfACrashShowsTheTestThatNeverEnded(t *testing.T) {
	got, ok := replay(t, `
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`)
	if !strings.Contains(got, "panic: boom") || !strings.Contains(got, "1 failed") || ok {
		t.Errorf("got %q, ok %v, want the panic and one failure", got, ok)
	}
}

func TestReportOfABuildFailureShowsTheCompiler(t *testing.T) {
	got, ok := replay(t, `
{"ImportPath":"p","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`)
	if !strings.Contains(got, "undefined: x") || !strings.Contains(got, "[build failed]") || ok {
		t.Errorf("got %q, ok %v, want the compiler's message and a failure", got, ok)
	}
}

func TestReportShowsSkipsWithTheirReason(t *testing.T) {
	got, ok := replay(t, `
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: no IPv6 here\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`)
	if !strings.Contains(got, "no IPv6 here") || !strings.Contains(got, "0 passed, 0 failed, 1 skipped") || !ok {
		t.Errorf("got %q, ok %v, want the reason and one skip", got, ok)
	}
}

func TestReportOfNoTestIsAFailure(t *testing.T) {
	got, ok := replay(t, `
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s [no tests to run]\n"}
{"Action":"pass","Package":"p"}
`)
	if ok || !strings.Contains(got, "no test ran") {
		t.Errorf("got %q, ok %v, want a failure", got, ok)
	}
}

func TestReportPassesOnWhatIsNoEvent(t *testing.T) {
	if got, _ := replay(t, "plain words\n"); !strings.HasPrefix(got, "plain words\n") {
		t.Errorf("got %q, want the line as it came", got)
	}
}

func TestSkipList(t *testing.T) {
	list, err := parseSkips("# comment\n\nloop TestA needs two machines\nreactor TestB/ipv6 no IPv6 in CI\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		folder, test string
		want         bool
	}{
		{"loop", "TestA", true},
		{"loop", "TestA/sub/sub", true},
		{"loop", "TestAB", false},
		{"reactor", "TestA", false},
		{"reactor", "TestB", false},
		{"reactor", "TestB/ipv6", true},
		{"reactor/reactortest", "TestB/ipv6", false},
	} {
		if got := list.allows(testName{module + tc.folder, tc.test}); got != tc.want {
			t.Errorf("%s %s: got allowed %v, want %v", tc.folder, tc.test, got, tc.want)
		}
	}
}

func TestSkipListWantsAReason(t *testing.T) {
	if _, err := parseSkips("loop TestA\n"); err == nil {
		t.Error("got no error for a line without a reason")
	}
}

// replay feeds lines of go test -json to a report and returns what it prints.
func replay(t *testing.T, lines string) (printed string, ok bool) {
	t.Helper()
	var b strings.Builder
	r := newReport(&b)
	if err := r.read(strings.NewReader(strings.TrimPrefix(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	ok = r.finish()
	return b.String(), ok
}
