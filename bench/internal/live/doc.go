// Package live shows a run while it goes on: a table that is drawn again and again at a terminal, lines anywhere else.
//
//	view := live.Open(os.Stderr, os.Environ())
//	err := run(view) // view is a result.Progress
//	view.Close()     // the screen is as it was
//
// The terminal is never put into raw mode and nothing is read from it: Ctrl-C, Ctrl-Z and Ctrl-\ do what they always do,
// and there is nothing to restore but the cursor and the lines drawn. Drawing, resizing and clearing are bubbletea's, the
// table lipgloss's; writing only what has changed to a terminal, whatever it is called, is what they are good at.
//
// A run measures on the processors that the view draws on. Whoever tells of an event only notes it under a lock; the
// view draws a few times a second at most, and waits for nobody.
package live
