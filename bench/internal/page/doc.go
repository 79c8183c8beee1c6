// Package page makes one HTML file of a run: verdicts, charts, tables, the machine, what was left out, and how to read it.
//
// The file asks the network for nothing and has no script: it can be sent, kept and printed. It follows the reader's light
// or dark theme and the width of the screen. Behind each chart is a table with its figures, and no meaning is in a colour
// alone.
package page
