package h1

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// The notation of testdata/README.md for bytes.

// block is the bytes that the lines of an http block stand for.
func block(lines []string) ([]byte, error) {
	out := []byte{}
	for _, line := range lines {
		line, open := strings.CutSuffix(line, `\`)
		if open && oddBackslashes(line) { // the last one was escaped
			line, open = line+`\`, false
		}
		p, err := unescaped(line)
		if err != nil {
			return nil, err
		}
		out = append(out, p...)
		if !open {
			out = append(out, '\r', '\n')
		}
	}
	return out, nil
}

func oddBackslashes(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

var escapes = map[byte]byte{'r': '\r', 'n': '\n', 't': '\t', 's': ' ', '0': 0, '\\': '\\'}

// unescaped is the bytes that a line stands for.
func unescaped(s string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return nil, fmt.Errorf("byte %#x is not written as itself", c)
		case c != '\\':
			out = append(out, c)
			continue
		}
		i++
		if i == len(s) {
			return nil, fmt.Errorf("nothing behind a backslash")
		}
		c, known := escapes[s[i]]
		switch {
		case known:
			out = append(out, c)
		case s[i] == 'x' && i+2 < len(s):
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return nil, err
			}
			out = append(out, byte(v))
			i += 2
		case s[i] == '(':
			body, _, ok := strings.Cut(s[i+1:], ")")
			star := strings.LastIndexByte(body, '*')
			if !ok || star < 0 {
				return nil, fmt.Errorf(`a repetition is \(this*times)`)
			}
			times, err := strconv.Atoi(body[star+1:])
			if err != nil {
				return nil, err
			}
			p, err := unescaped(body[:star])
			if err != nil {
				return nil, err
			}
			out = append(out, bytes.Repeat(p, times)...)
			i += 1 + len(body)
		default:
			return nil, fmt.Errorf(`\%c means nothing`, s[i])
		}
	}
	return out, nil
}

// manyBytes is from how many on equal bytes are written as a repetition.
const manyBytes = 24

// escaped is p as a log has it.
func escaped(p []byte) string {
	var b strings.Builder
	for i := 0; i < len(p); {
		n := 1
		for i+n < len(p) && p[i+n] == p[i] {
			n++
		}
		edge := i == 0 || i == len(p)-1
		if n >= manyBytes {
			fmt.Fprintf(&b, `\(%s*%d)`, escapedByte(p[i], true), n)
			i += n
			continue
		}
		b.WriteString(escapedByte(p[i], edge))
		i++
	}
	return b.String()
}

// escapedByte is c as a log has it. A space at an edge would not be seen.
func escapedByte(c byte, edge bool) string {
	for letter, is := range escapes {
		if c == is && (c != ' ' || edge) {
			return `\` + string(rune(letter))
		}
	}
	if c < ' ' || c > '~' {
		return fmt.Sprintf(`\x%02X`, c)
	}
	return string(rune(c))
}

func TestTheNotationOfTheCases(t *testing.T) {
	for line, want := range map[string]string{
		`GET / HTTP/1.1`: "GET / HTTP/1.1\r\n",
		``:               "\r\n",
		`\`:              "",
		`hello\`:         "hello",
		`a\\`:            "a\\\r\n",
		`a\\\`:           "a\\",
		`a\n\`:           "a\n",
		`\t\r\0\xfF\s`:   "\t\r\x00\xff \r\n",
		`\(ab\n*3)c`:     "ab\nab\nab\nc\r\n",
		`\(**2)`:         "**\r\n",
	} {
		got, err := block([]string{line})
		if err != nil || string(got) != want {
			t.Errorf("%s is %q, %v, want %q", line, got, err, want)
		}
		if got, err = unescaped(escaped([]byte(want))); err != nil || string(got) != want {
			t.Errorf("%q does not survive: %q, %v", want, got, err)
		}
	}
	for _, line := range []string{"a\tb", "é", `\q`, `\x1`, `\xgg`, `\(a)`, `\(a*b)`, `\(a*2`, `\(\q*2)`} {
		if got, err := block([]string{line}); err == nil {
			t.Errorf("%s is %q, want an error", line, got)
		}
	}
	if got := escaped(bytes.Repeat([]byte{'a'}, 30)); got != `\(a*30)` {
		t.Errorf("thirty a are %s", got)
	}
}
