package tidy

import "regexp"

// The words are put together from halves, or this file would break its own rule.
var (
	noteToSelf = regexp.MustCompile(`\b(` + "FIX" + "ME|" + "TO" + "DO|" + "XX" + `X)\b`)
	raceOptOut = regexp.MustCompile(`\b` + "no" + `race\b`)
)

// checkWords refuses notes to self, which belong into an issue, and opt-outs from the race detector: the code under
// test is the code that is shipped. It reads all Go files, tests and nested modules included.
func checkWords(t *tree) []problem {
	var found []problem
	for _, f := range t.goFiles {
		file := t.fset.File(f.ast.FileStart)
		for _, m := range noteToSelf.FindAllIndex(f.src, -1) {
			found = append(found, problem{
				f.path, file.Line(file.Pos(m[0])),
				"says " + string(f.src[m[0]:m[1]]) + "; do it, or file an issue, where somebody will find it",
			})
		}
		for _, m := range raceOptOut.FindAllIndex(f.src, -1) {
			found = append(found, problem{
				f.path, file.Line(file.Pos(m[0])),
				"opts out of the race detector; memory that raw calls touch is announced to it instead",
			})
		}
	}
	return found
}
