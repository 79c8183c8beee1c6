// Mutants plants one-line bugs in the core, one at a time, and shows that the simulation or a suite finds each. A
// bug that nobody finds is a hole in the tests, and the command fails.
//
//	go run ./internal/mutants [-run REGEXP] [-quick] [-list] [-v]
//
// The tree is not touched: the compiler is given the changed file by -overlay. A mutant whose text is not in the source
// any more fails the command too, so the list cannot rot.
package main
