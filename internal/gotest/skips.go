package main

import (
	"fmt"
	"strings"
)

// module is cut off the packages' paths: the list of skips names folders.
const module = "github.com/weir-go/weir/"

// testName is a test, or a subtest, of a package.
type testName struct {
	pkg  string // import path
	test string
}

func (n testName) String() string { return strings.TrimPrefix(n.pkg, module) + " " + n.test }

// skipList is the tests that may skip, as "folder test", with the reason.
type skipList map[string]string

// parseSkips reads a list of lines "folder test reason …". Empty lines and lines that start with # don't count.
func parseSkips(text string) (skipList, error) {
	list := skipList{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 3 {
			return nil, fmt.Errorf("line %d: want a folder, a test and a reason, got %q", i+1, line)
		}
		list[words[0]+" "+words[1]] = strings.Join(words[2:], " ")
	}
	return list, nil
}

// allows reports whether n, or a test it is part of, is in the list.
func (l skipList) allows(n testName) bool {
	for key := n.String(); ; {
		if _, ok := l[key]; ok {
			return true
		}
		cut := strings.LastIndexByte(key, '/')
		if cut < strings.IndexByte(key, ' ') {
			return false
		}
		key = key[:cut]
	}
}
