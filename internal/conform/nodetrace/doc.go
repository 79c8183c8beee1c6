// Nodetrace runs stream scenarios, one JSON object a line on standard input, and prints what is observable of each, one
// line a scenario, on standard output. The same scenarios run on Node give traces to compare with.
//
//	go run ./internal/conform/nodetrace < scenarios.jsonl > traces.jsonl
//
// Time is a sequence of turns. A turn executes actions: completions of hooks that are due, then the scenario's operations
// for it. An action is a call and the ticks that follow from it; a step records what happened meanwhile.
package main
