// Package reporttest makes results for tests of reports: the same seed gives the same file, and a few hundred seeds give
// every mix of subjects that are there, absent or failed, with figures that are apart, overlap, or are too few to tell.
//
//	for seed := range uint64(300) {
//		f := reporttest.Random(seed)
//		// whatever a report says of f, it must not say this
//	}
package reporttest
