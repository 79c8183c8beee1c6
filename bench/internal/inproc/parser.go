package inproc

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/weir-go/weir/httpcore/h1"
)

// browser is a request as a browser sends it.
var browser = []byte("GET /assets/app/main.js?v=20261129 HTTP/1.1\r\nHost: www.example.com\r\n" +
	"Connection: keep-alive\r\nCache-Control: max-age=0\r\nsec-ch-ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n" +
	"sec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\nDNT: 1\r\nUpgrade-Insecure-Requests: 1\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
	"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n" +
	"Referer: https://www.example.com/assets/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\nIf-None-Match: \"5f3e-1b2c\"\r\nPriority: u=0, i\r\n\r\n")

// many repeats one for a while, looking at the clock now and then.
func many(length time.Duration, one func() error) (int64, error) {
	var n int64
	for start := time.Now(); time.Since(start) < length; {
		for range 256 {
			if err := one(); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// counter does the least that a user of weir's parser would: it looks at everything.
type counter struct {
	h1.Nop
	fields, bytes int
}

func (c *counter) OnURL(p []byte, _ bool)         { c.bytes += len(p) }
func (c *counter) OnHeaderField(p []byte, _ bool) { c.fields++; c.bytes += len(p) }
func (c *counter) OnHeaderValue(p []byte, _ bool) { c.bytes += len(p) }

func parseWeir(length time.Duration) (int64, int64, map[string]float64, error) {
	var p h1.Parser
	p.Reset(h1.Request, &counter{}, nil)
	n, err := many(length, func() error {
		used, err := p.Execute(browser)
		if err == nil && used != len(browser) {
			err = fmt.Errorf("%d of %d bytes used", used, len(browser))
		}
		return err
	})
	return n, 0, nil, err
}

// rewound is the request as a connection would give it to a parser that reads by itself.
func rewound() func() *bufio.Reader {
	src := bytes.NewReader(browser)
	r := bufio.NewReaderSize(src, 4<<10)
	return func() *bufio.Reader {
		src.Reset(browser)
		r.Reset(src)
		return r
	}
}

func parseFastHTTP(length time.Duration) (int64, int64, map[string]float64, error) {
	rewind := rewound()
	var h fasthttp.RequestHeader
	n, err := many(length, func() error { return h.Read(rewind()) })
	return n, 0, nil, err
}

func parseNet(length time.Duration) (int64, int64, map[string]float64, error) {
	rewind := rewound()
	n, err := many(length, func() error {
		_, err := http.ReadRequest(rewind())
		return err
	})
	return n, 0, nil, err
}
