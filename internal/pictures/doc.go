// Pictures makes the SVG of the pages from texts, so that a change of a picture is a change of a few words:
//
//	go run ./internal/pictures docs/img/*.txt
//
// makes docs/img/floors.svg of docs/img/floors.txt, and so on; a test wants them to agree. The SVG follows the reader's choice of a light or
// a dark page. A text has one thing a line, in units of ten pixels:
//
//	size W H                          of the picture
//	title WORDS                       what it shows; read out instead of it
//	box NAME X Y W H TITLE | DETAIL   a box; its name begins with an upper-case letter for one that stands out
//	from A SIDE to B SIDE LABEL       an arrow from the middle of a side of A (top, bottom, left, right) to one of B
//	back A SIDE to B SIDE LABEL       the same, dashed: a signal against the stream
//	text X Y WORDS                    words by themselves
package main
