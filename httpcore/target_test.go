package httpcore

import "testing"

func TestATargetIsTakenApartInEveryForm(t *testing.T) {
	for _, k := range []struct{ method, target, host, path, query, both string }{
		{"GET", "/", "field", "/", "", "/"},
		{"GET", "/a/b?c=d?e", "field", "/a/b", "c=d?e", "/a/b?c=d?e"},
		{"GET", "/a?", "field", "/a", "", "/a?"},
		{"GET", "/http://b/", "field", "/http://b/", "", "/http://b/"},
		{"GET", "http://b:1/a?c", "b:1", "/a", "c", "/a?c"},
		{"GET", "http://b", "b", "/", "", "/"},
		{"GET", "http://b?c", "b", "/", "c", "/?c"},
		{"OPTIONS", "http://b", "b", "*", "", "*"},
		{"OPTIONS", "http://b/", "b", "/", "", "/"},
		{"OPTIONS", "*", "field", "*", "", "*"},
		{"CONNECT", "b:1", "b:1", "b:1", "", "b:1"},
	} {
		line := k.method + "\n" + k.target + "\n"
		m := &IncomingMessage{text: line + "Host:field\n", line: uint32(len(line)), method: uint16(len(k.method))}
		if m.Host() != k.host || m.Path() != k.path || m.RawQuery() != k.query || m.PathAndQuery() != k.both || m.URL() != k.target {
			t.Errorf("%s %s: got %q, %q, %q, %q", k.method, k.target, m.Host(), m.Path(), m.RawQuery(), m.PathAndQuery())
		}
	}
	m := &IncomingMessage{text: "OK\n", line: 3, status: 200}
	if m.URL() != "" || m.Method() != "" || m.StatusMessage() != "OK" || m.Host() != "" || m.Path() != "" {
		t.Error("a response has a target")
	}
}
