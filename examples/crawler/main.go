// Crawler follows the links of one site and prints each page's status and address. The Agent keeps connections and bounds how many
// there are; the loop is alive as long as a request is, so it ends by itself when there is nothing left to fetch.
//
//	go run ./examples/files -addr 127.0.0.1:8083 -dir docs &
//	go run ./examples/crawler -sockets 8 -most 200 http://127.0.0.1:8083/
//
// Try to break it: kill the server meanwhile. Each page that is missing says why.
package main

import (
	"flag"
	"fmt"
	"html"
	"io"
	"log"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

func main() {
	sockets := flag.Int("sockets", 8, "how many connections at a time")
	most := flag.Int("most", 1000, "how many pages to ask for")
	flag.Parse()
	log.SetFlags(0)
	start, err := url.Parse(flag.Arg(0))
	if flag.NArg() != 1 || err != nil || start.Scheme != "http" {
		log.Fatal("usage: crawler [flags] http://host/")
	}
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	crawl(l, start, *sockets, *most, os.Stdout)
	if err := l.Run(); err != nil { // until nothing is under way
		log.Fatal(err)
	}
}

// maxPage is how much of a page is kept to look for links: longer ones are an error.
const maxPage = 1 << 20

type crawler struct {
	l      *loop.Loop
	client *httpcore.Client
	agent  *httpcore.Agent
	out    io.Writer
	seen   map[string]bool
	most   int
	open   int // requests under way
}

func crawl(l *loop.Loop, start *url.URL, sockets, most int, out io.Writer) {
	agent := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: sockets})
	c := &crawler{l: l, agent: agent, out: out, seen: map[string]bool{}, most: most}
	c.client = httpcore.NewClient(httpcore.ClientOptions{
		MaxBody: maxPage, MaxRedirects: 5,
		Request: httpcore.RequestOptions{Agent: agent, TotalTimeout: 30 * time.Second},
	})
	c.visit(start)
}

// visit asks for a page, once. What has no connection yet waits in the Agent.
func (c *crawler) visit(at *url.URL) {
	at.Fragment = ""
	if c.seen[at.String()] || len(c.seen) == c.most {
		return
	}
	c.seen[at.String()] = true
	c.open++
	c.client.Do(c.l, httpcore.Call{URL: at.String()}, func(page *httpcore.Reply, err error) {
		if err != nil {
			fmt.Fprintln(c.out, "---", at, err)
		} else {
			fmt.Fprintln(c.out, page.StatusCode, at)
			c.follow(page)
		}
		if c.open--; c.open == 0 {
			c.agent.CloseIdleConnections() // they would keep the loop alive for a while
		}
	})
}

// href finds most links, and a parser of HTML would find all.
var href = regexp.MustCompile(`(?i)<a\s[^>]*?href\s*=\s*["']([^"']*)["']`)

// follow visits the links of a page that lead to the same site. The page may have been found elsewhere than where it was asked for.
func (c *crawler) follow(page *httpcore.Reply) {
	base, err := url.Parse(page.URL)
	if err != nil || !strings.HasPrefix(page.Header("Content-Type"), "text/html") {
		return
	}
	for _, link := range href.FindAllSubmatch(page.Body, -1) {
		if to, err := base.Parse(html.UnescapeString(string(link[1]))); err == nil && to.Scheme == base.Scheme && to.Host == base.Host {
			c.visit(to)
		}
	}
}
