//go:build !race && !weirdebug

package wholesim

// slowBuild: the checks of this build cost much, so long tests do less.
const slowBuild = false
