package subject

import "testing"

func TestListeningAddress(t *testing.T) {
	for line, want := range map[string]string{
		"listening on 127.0.0.1:41234":       "127.0.0.1:41234",
		"echo: listening on [::1]:80, pid 1": "[::1]:80",
		"listening on 127.0.0.1:0":           "",
		"127.0.0.1:41234":                    "",
		"listening on port 41234":            "",
	} {
		check(t, "listeningAddress", listeningAddress, line, want)
	}
}

func TestAddressOfAScheme(t *testing.T) {
	for line, want := range map[string]string{
		"tcp   127.0.0.1:41234":                              "127.0.0.1:41234",
		"TCP echo on 127.0.0.1:7000, try: nc 127.0.0.1 7000": "127.0.0.1:7000",
		"tcp asked 127.0.0.1:0, got 127.0.0.1:41234":         "127.0.0.1:41234",
		`level=INFO msg="tcp echo" addr=127.0.0.1:41234`:     "127.0.0.1:41234",
		"http 127.0.0.1:8080":                                "",
		"tcp is off":                                         "",
		"tcp 127.0.0.1:99999":                                "",
		"tcp 999.0.0.1:80":                                   "",
		"tcp://[::1]:9000/":                                  "[::1]:9000",
		"":                                                   "",
	} {
		check(t, "schemeAddress", schemeAddress("tcp"), line, want)
	}
}

func check(t *testing.T, name string, parse addressParser, line, want string) {
	t.Helper()
	got := ""
	if addr, found := parse(line); found {
		got = addr.String()
	}
	if got != want {
		t.Errorf("%s(%q): got %q, want %q", name, line, got, want)
	}
}
