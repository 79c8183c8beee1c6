// Package result is what one run of the bench has measured, as a file: versioned JSON that every report is made from, and
// nothing else. Who measures fills a [File] and writes it; who shows something reads one. Beside it stands [Progress],
// what can be seen of a run while it goes on.
//
//	f, err := result.ReadFile("a.json")
//	for _, s := range f.Scenarios {
//		for _, c := range s.Cells {
//			fmt.Println(s.Title, c.Subject, c.Metrics[result.CPUMicrosPerOp].Median)
//		}
//	}
//
// A field that a version did not know is ignored; a field that is gone, or means something else, makes a new version.
// testdata/sample.json is an example with everything in it.
package result
