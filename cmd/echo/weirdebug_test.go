//go:build weirdebug

package main

func init() { buildFlags = append(buildFlags, "-tags", "weirdebug") }
