package snippets

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 30 * time.Second

// The programs of the README run as pasted, but for the address: that one may be somebody else's here.
func TestTheReadmesProgramsRunAsPasted(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, f := range fencesOf("README.md", string(text)) {
		if !f.program() {
			continue
		}
		for original, try := range map[string]func(*testing.T, string){"127.0.0.1:7000": echoes, "127.0.0.1:8080": echoesOverHTTP} {
			if strings.Contains(f.text, original) {
				tried[original] = true
				t.Run(original, func(t *testing.T) {
					at := free(t)
					run(t, strings.ReplaceAll(f.text, original, at))
					await(t, at)
					try(t, at)
				})
			}
		}
	}
	if len(tried) != 2 {
		t.Errorf("the README has programs for %v, want a TCP and an HTTP server", tried)
	}
}

// free is an address that nobody listens at, nor will while a program is built: on Linux there is one for every process.
func free(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if pid := os.Getpid(); runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.%d.%d.1", 32+pid>>8&31, pid&255)
	}
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// run builds a program and runs it until the test is over.
func run(t *testing.T, text string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	goBuild(t, overlay(t, map[string]string{"internal/snippets/pasted/main.go": text}), "-o", program, "./internal/snippets/pasted")
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func await(t *testing.T, at string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", at)
		if err == nil {
			c.Close()
			return
		}
		if time.Since(begin) > patience {
			t.Fatal(err)
		}
	}
}

func echoes(t *testing.T, at string) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintln(c, "hello")
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func echoesOverHTTP(t *testing.T, at string) {
	client := http.Client{Timeout: patience}
	res, err := client.Post("http://"+at+"/", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); res.StatusCode != 200 || string(body) != "hello" {
		t.Errorf("got %d, %q, %v", res.StatusCode, body, err)
	}
}
