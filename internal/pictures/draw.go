package main

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"
)

// unit is what one unit of a text is in pixels.
const unit = 10

// style is the same for all pictures. The colours are set once for each kind of page.
const style = `<style>
svg { --ink: #1f2328; --soft: #59636e; --line: #818b98; --face: #f6f8fa; --out: #ddf4ff; --edge: #0969da; --signal: #bc4c00; }
@media (prefers-color-scheme: dark) {
svg { --ink: #f0f6fc; --soft: #9198a1; --line: #656c76; --face: #151b23; --out: #0c2d6b; --edge: #58a6ff; --signal: #f0883e; }
}
text { font: 14px system-ui, sans-serif; fill: var(--ink); }
.detail, .label { font-size: 12px; fill: var(--soft); }
rect { fill: var(--face); stroke: var(--line); }
.out { fill: var(--out); stroke: var(--edge); }
path { fill: none; stroke: var(--edge); stroke-width: 1.5; }
.back { stroke: var(--signal); stroke-dasharray: 5 4; }
.tip { fill: var(--edge); stroke: none; }
.backtip { fill: var(--signal); stroke: none; }
.backlabel { font-size: 12px; fill: var(--signal); }
</style>
`

type point struct{ x, y int }

type box struct{ at, size point }

// side is the middle of one side, and which way is out of the box there.
func (b box) side(name string) (p, out point, ok bool) {
	x, y, w, h := b.at.x, b.at.y, b.size.x, b.size.y
	switch name {
	case "top":
		return point{x + w/2, y}, point{0, -1}, true
	case "bottom":
		return point{x + w/2, y + h}, point{0, 1}, true
	case "left":
		return point{x, y + h/2}, point{-1, 0}, true
	case "right":
		return point{x + w, y + h/2}, point{1, 0}, true
	}
	return point{}, point{}, false
}

// picture is one that is being drawn.
type picture struct {
	out   strings.Builder
	boxes map[string]box
	size  point
	title string
}

// draw makes the SVG of a text. Its errors begin with the line.
func draw(text string) (string, error) {
	p := &picture{boxes: map[string]box{}}
	for i, line := range strings.Split(text, "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch word {
		case "", "#":
		case "size":
			_, err = p.numbers(rest, &p.size.x, &p.size.y)
		case "title":
			p.title = rest
		case "box":
			err = p.box(rest)
		case "from", "back":
			err = p.arrow(word, rest)
		case "text":
			var at point
			if rest, err = p.numbers(rest, &at.x, &at.y); err == nil {
				p.text(at, "label", "start", rest)
			}
		default:
			err = fmt.Errorf("nobody knows %q", word)
		}
		if err != nil {
			return "", fmt.Errorf("%d: %w", i+1, err)
		}
	}
	if p.size.x <= 0 || p.size.y <= 0 || p.title == "" {
		return "", fmt.Errorf("1: a picture has a size and a title")
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img" aria-label="%s">`+"\n<title>%[4]s</title>\n%[5]s%[6]s</svg>\n",
		p.size.x, p.size.y, p.size.x, html.EscapeString(p.title), style, p.out.String()), nil
}

// numbers takes numbers from the beginning of s, in pixels.
func (p *picture) numbers(s string, to ...*int) (rest string, err error) {
	for _, n := range to {
		var word string
		word, s, _ = strings.Cut(strings.TrimLeft(s, " "), " ")
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return "", fmt.Errorf("%q is no number", word)
		}
		*n = int(f * unit)
	}
	return strings.TrimSpace(s), nil
}

func (p *picture) box(s string) error {
	name, s, _ := strings.Cut(s, " ")
	var b box
	s, err := p.numbers(s, &b.at.x, &b.at.y, &b.size.x, &b.size.y)
	if err != nil {
		return err
	}
	if _, twice := p.boxes[name]; twice {
		return fmt.Errorf("%s is there already", name)
	}
	if b.at.x+b.size.x > p.size.x || b.at.y+b.size.y > p.size.y {
		return fmt.Errorf("%s does not fit", name)
	}
	p.boxes[name] = b
	class := ""
	if unicode.IsUpper(rune(name[0])) {
		class = ` class="out"`
	}
	fmt.Fprintf(&p.out, `<rect x="%d" y="%d" width="%d" height="%d" rx="6"%s/>`+"\n", b.at.x, b.at.y, b.size.x, b.size.y, class)
	title, detail, two := strings.Cut(s, "|")
	middle := point{b.at.x + b.size.x/2, b.at.y + b.size.y/2 + 5}
	if two {
		p.text(point{middle.x, middle.y - 9}, "", "middle", strings.TrimSpace(title))
		p.text(point{middle.x, middle.y + 9}, "detail", "middle", strings.TrimSpace(detail))
	} else {
		p.text(middle, "", "middle", strings.TrimSpace(title))
	}
	return nil
}

func (p *picture) text(at point, class, anchor, words string) {
	if class != "" {
		class = fmt.Sprintf(` class="%s"`, class)
	}
	fmt.Fprintf(&p.out, `<text x="%d" y="%d" text-anchor="%s"%s>%s</text>`+"\n", at.x, at.y, anchor, class, html.EscapeString(words))
}

// arrow goes straight out of one box and straight into the other, with two bends where they are not opposite each other.
func (p *picture) arrow(kind, s string) error {
	f := strings.Fields(s)
	if len(f) < 5 || f[2] != "to" {
		return fmt.Errorf("an arrow is A SIDE to B SIDE")
	}
	a, ok := p.boxes[f[0]]
	b, also := p.boxes[f[3]]
	if !ok || !also {
		return fmt.Errorf("%s or %s is no box", f[0], f[3])
	}
	from, out, ok := a.side(f[1])
	to, in, also := b.side(f[4])
	if !ok || !also {
		return fmt.Errorf("%s or %s is no side", f[1], f[4])
	}
	class, tip, label := "", "tip", "label"
	if kind == "back" {
		class, tip, label = ` class="back"`, "backtip", "backlabel"
	}
	mid := bend(from, out, to, in)
	const head = 8
	base := point{to.x + in.x*head, to.y + in.y*head}
	path := fmt.Sprintf("M%d %d", from.x, from.y)
	for _, q := range append(mid, base) {
		path += fmt.Sprintf(" L%d %d", q.x, q.y)
	}
	fmt.Fprintf(&p.out, `<path d="%s"%s/>`+"\n", path, class)
	fmt.Fprintf(&p.out, `<path class="%s" d="M%d %d L%d %d L%d %dZ"/>`+"\n", tip, to.x, to.y, base.x+in.y*4, base.y+in.x*4, base.x-in.y*4, base.y-in.x*4)
	if words := strings.Join(f[5:], " "); words != "" {
		points := append(append([]point{from}, mid...), base)
		l, m := longest(points)
		at := point{(l.x + m.x) / 2, (l.y+m.y)/2 - 6}
		anchor := "middle"
		if l.x == m.x {
			at, anchor = point{l.x + 8, (l.y+m.y)/2 + 4}, "start"
		}
		p.text(at, label, anchor, words)
	}
	return nil
}

// bend are the corners of a way that leaves in one direction and arrives against another.
func bend(from, out, to, in point) []point {
	switch {
	case out.x != 0 && in.x != 0 && out.x == in.x: // out and back on the same side
		x := max(from.x*out.x, to.x*out.x)*out.x + 30*out.x
		return []point{{x, from.y}, {x, to.y}}
	case out.y != 0 && in.y != 0 && out.y == in.y:
		y := max(from.y*out.y, to.y*out.y)*out.y + 30*out.y
		return []point{{from.x, y}, {to.x, y}}
	case out.x != 0 && in.x != 0:
		if from.y == to.y {
			return nil
		}
		x := (from.x + to.x) / 2
		return []point{{x, from.y}, {x, to.y}}
	case out.y != 0 && in.y != 0:
		if from.x == to.x {
			return nil
		}
		y := (from.y + to.y) / 2
		return []point{{from.x, y}, {to.x, y}}
	case out.x != 0:
		return []point{{to.x, from.y}}
	default:
		return []point{{from.x, to.y}}
	}
}

// longest is the longest part of a way: where the words stand.
func longest(points []point) (from, to point) {
	best := -1
	for i := 1; i < len(points); i++ {
		dx, dy := points[i].x-points[i-1].x, points[i].y-points[i-1].y
		if n := max(dx, -dx, dy, -dy); n > best {
			best, from, to = n, points[i-1], points[i]
		}
	}
	return from, to
}
