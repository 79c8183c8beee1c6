package page

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-go/weir/bench/internal/chart"
)

var (
	blocks    = regexp.MustCompile(`:root \{([^}]*)\}`)
	variables = regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`)
)

// luminance is WCAG's relative luminance of a colour like #1458d4.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(rgb>>(8*i)&255) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// WCAG asks for a contrast of 4.5 for text, and names at the ends of lines are text in the colours of the lines.
func TestEveryColourOfTextCanBeReadInBothThemes(t *testing.T) {
	const least = 4.5
	themes := 0
	for _, block := range blocks.FindAllStringSubmatch(style, -1) {
		colours := map[string]string{}
		for _, v := range variables.FindAllStringSubmatch(block[1], -1) {
			colours[v[1]] = v[2]
		}
		if colours["surface"] == "" {
			continue // the printer's page
		}
		themes++
		pairs := [][2]string{
			{"ink", "page"},
			{"ink", "surface"},
			{"soft", "page"},
			{"soft", "surface"},
			{"good", "good-back"},
			{"bad", "bad-back"},
			{"level", "track"},
			{"ink", "note-back"},
			{"s0", "page"},
		}
		for i := range chart.Styles {
			pairs = append(pairs, [2]string{fmt.Sprintf("s%d", i), "surface"})
		}
		for _, p := range pairs {
			a, b := luminance(t, colours[p[0]]), luminance(t, colours[p[1]])
			if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < least {
				t.Errorf("theme %d: %s on %s has a contrast of %.2f, want %.1f", themes, p[0], p[1], contrast, least)
			}
		}
	}
	if themes != 2 {
		t.Errorf("%d themes, want 2", themes)
	}
}
