package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePicturesAreWhatTheirTextsSay(t *testing.T) {
	texts, err := filepath.Glob(filepath.Join("..", "..", "docs", "img", "*.txt"))
	if err != nil || len(texts) == 0 {
		t.Fatalf("found %v, %v", texts, err)
	}
	for _, name := range texts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := draw(string(text))
		if err != nil {
			t.Errorf("%s:%v", name, err)
			continue
		}
		got, err := os.ReadFile(strings.TrimSuffix(name, ".txt") + ".svg")
		if err != nil || string(got) != want {
			t.Errorf("%s is another picture than its text: go run ./internal/pictures docs/img/*.txt (%v)", name, err)
		}
		for d := xml.NewDecoder(strings.NewReader(want)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestATextThatIsWrongSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "1: a picture has a size and a title",
		"size 1":                                 `1: "" is no number`,
		"size 9 9\nsquare":                       `2: nobody knows "square"`,
		"size 9 9\nbox a 1 1 9 1":                "2: a does not fit",
		"size 9 9\nbox a 1 1 1 1\nbox a 1 1 1 1": "3: a is there already",
		"from a top b top":                       "1: an arrow is A SIDE to B SIDE",
		"from a top to b top":                    "1: a or b is no box",
	} {
		if _, err := draw(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
