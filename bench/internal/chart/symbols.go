package chart

import (
	_ "embed"
	"html/template"
)

//go:embed symbols.svg
var symbols string

// Symbols returns the shapes of the styles, to be put into the page once.
func Symbols() template.HTML { return template.HTML(symbols) } //nolint:gosec // a constant
