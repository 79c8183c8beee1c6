package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// Text is a value with its unit, three digits of it: "9.50 µs", "8.81 MiB", "98 %", "97,300/s".
func Text(v float64, unit string) string {
	s := scaleOf(v, unit)
	return s.number(v) + s.suffix
}

// Interval is the ends of a metric's interval beside the Text of its median, in the same unit: "[9.35–9.69]". It is empty if
// there is none.
func Interval(m result.Metric, unit string) string { return ends(m, scaleOf(m.Median, unit)) }

// Bare is the value as it stands in a column whose title has the unit: with no unit, save where it changes from row to row.
func Bare(v float64, unit string) string {
	s := columnScale(v, unit)
	if unit == "bytes" || unit == "share" {
		return s.number(v) + s.suffix
	}
	return s.number(v)
}

// BareInterval is the ends of a metric's interval beside the Bare median.
func BareInterval(m result.Metric, unit string) string { return ends(m, columnScale(m.Median, unit)) }

func ends(m result.Metric, s scale) string {
	if len(m.Samples) < 2 {
		return ""
	}
	return "[" + s.number(m.Lo) + "–" + s.number(m.Hi) + "]"
}

// columnScale keeps to the unit that the column has in its title.
func columnScale(v float64, unit string) scale {
	if unit == "ns" || unit == "µs" {
		return scale{by: 1}
	}
	return scaleOf(v, unit)
}

// scale is a unit that suits a value.
type scale struct {
	by     float64
	suffix string
	whole  bool // no digits after the point
}

func scaleOf(v float64, unit string) scale {
	switch unit {
	case "bytes":
		switch size := math.Abs(v); {
		case size >= 1<<30:
			return scale{by: 1 << 30, suffix: " GiB"}
		case size >= 1<<20:
			return scale{by: 1 << 20, suffix: " MiB"}
		case size >= 1<<10:
			return scale{by: 1 << 10, suffix: " KiB"}
		}
		return scale{by: 1, suffix: " B", whole: true}
	case "ns", "µs":
		return timeScale(v, unit)
	case "share":
		return scale{by: 0.01, suffix: " %"}
	case "1/s", "per second":
		return scale{by: 1, suffix: "/s"}
	case "×":
		return scale{by: 1, suffix: "×"}
	case "":
		return scale{by: 1}
	}
	return scale{by: 1, suffix: " " + unit}
}

// timeScale goes to the next unit where a number would get five digits before the point.
func timeScale(v float64, unit string) scale {
	units := []string{"ns", "µs", "ms", "s"}
	by := 1.0
	for at := slices.Index(units, unit); ; at++ {
		if at == len(units)-1 || math.Abs(v)/by < 1e4 {
			return scale{by: by, suffix: " " + units[at]}
		}
		by *= 1e3
	}
}

func (s scale) number(v float64) string {
	v /= s.by
	if s.whole {
		v = math.Round(v)
	}
	return digits(v, 3)
}

// digits is v with that many significant digits, thousands set apart.
func digits(v float64, significant int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprint(v)
	}
	exponent := int(math.Floor(math.Log10(math.Abs(v))))
	step := math.Pow(10, float64(exponent-significant+1))
	v = math.Round(v/step) * step
	exponent = int(math.Floor(math.Log10(math.Abs(v)) + 1e-9)) // 9.996 has become 10.0
	text := strconv.FormatFloat(v, 'f', max(0, significant-1-exponent), 64)
	if strings.Trim(text, "-0123456789") == "" {
		return grouped(text)
	}
	return text
}

// grouped puts a comma before each three digits of a whole number.
func grouped(text string) string {
	start := 0
	if strings.HasPrefix(text, "-") {
		start = 1
	}
	for at := len(text) - 3; at > start; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// longVerdict is from where a verdict is easier to read one sentence a line, in characters.
const longVerdict = 160

// Sentences are those of a long text; a short one stays as it is.
func Sentences(text string) []string {
	if len(text) <= longVerdict {
		return []string{text}
	}
	var list []string
	for {
		end := strings.Index(text, ". ")
		if end < 0 {
			return append(list, text)
		}
		list = append(list, text[:end+1])
		text = strings.TrimLeft(text[end+1:], " ")
	}
}
