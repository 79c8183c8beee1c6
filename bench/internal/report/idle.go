package report

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Idle is one subject's memory with many connections, and whether they all still worked.
type Idle struct {
	Subject  string `json:"subject"`
	From     int    `json:"from"`
	Conns    int    `json:"conns"`
	StartRSS int64  `json:"startRSS"`
	FromRSS  int64  `json:"fromRSS"`
	ConnsRSS int64  `json:"connsRSS"`

	Messages int64  `json:"messages"` // that came back, of those sent
	Lost     int64  `json:"lost"`     // that did not
	Wrong    int64  `json:"wrong"`    // that came back with wrong bytes
	Broken   int64  `json:"broken"`   // connections the server ended
	Failure  string `json:"failure,omitempty"`
}

// BytesPerConn is the slope of the resident memory.
func (i Idle) BytesPerConn() float64 {
	return float64(i.ConnsRSS-i.FromRSS) / float64(i.Conns-i.From)
}

// WriteIdle writes a line a subject.
func WriteIdle(w io.Writer, lines []Idle) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprint(t, "subject\tB/connection\tRSS at start\tat first mark\tat last\tmessages\tlost\twrong\tbroken\n")
	for _, i := range lines {
		if i.Failure != "" {
			fmt.Fprintf(t, "%s\tfailed: %s\n", i.Subject, i.Failure)
			continue
		}
		fmt.Fprintf(t, "%s\t%.0f\t%s\t%s\t%s\t%d\t%d\t%d\t%d\n", i.Subject, i.BytesPerConn(),
			bytesText(i.StartRSS), bytesText(i.FromRSS), bytesText(i.ConnsRSS), i.Messages, i.Lost, i.Wrong, i.Broken)
	}
	return t.Flush()
}

// WriteIdleJSON writes the lines with what they were measured on.
func WriteIdleJSON(w io.Writer, e Environment, lines []Idle) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Version     int         `json:"version"`
		Environment Environment `json:"environment"`
		Idle        []Idle      `json:"idle"`
	}{Version, e, lines})
}
