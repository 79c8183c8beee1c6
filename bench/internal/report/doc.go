// Package report says what was measured: as tables and sentences at a terminal, as Markdown, as lines of Go benchmarks, and
// as a comparison of two runs. Package page makes HTML of the same.
//
//	f, err := result.ReadFile("run.json")
//	report.Terminal(os.Stdout, f, 120)
//
// The rules that no output may break are kept in one place, [Scene], which all of them are made from:
//
//   - What failed or is absent has no figure, whatever it did before; it is named with the reason.
//   - Nobody is called better unless the intervals are apart and of enough rounds (stats.Apart). A place is 1 and the
//     number of subjects that are better in that sense, so places are shared where nothing is shown.
//   - A floor is what the machine makes possible, not a rival: it has no place.
//   - Ratios are made within rounds, where what disturbed one subject disturbed the other.
package report
