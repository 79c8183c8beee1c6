//go:build weirdebug

package httpcore

// debugging has memory of the turn be spoilt when it ends, so that whoever looks at it later is found out.
const debugging = true
