package wholesim

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// site is a folder of files to serve. Package static opens them with an os.Root, which no fake kernel can stand in for: so the
// folder is a real one, where a file is looked for, and its copy on the simulated disk is where it is read. One site
// serves many worlds, one after another.
type site struct {
	dir   string
	sizes []int
	bytes int               // of all
	names map[uint64]string // by inode
}

// siteSizes are around what matters to static: an empty file, what is read with the look, and what is not.
var siteSizes = []int{0, 1, 100, 1000, 5000, 16 << 10, 16<<10 + 1, 40_000, 100_000, 200_000}

func newSite(t testing.TB) *site {
	t.Helper()
	at := &site{dir: t.TempDir(), sizes: siteSizes, names: map[uint64]string{}}
	old := time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC)
	for i, size := range at.sizes {
		full := filepath.Join(at.dir, fileName(i))
		if err := os.WriteFile(full, fileText(i), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(full, old, old); err != nil {
			t.Fatal(err)
		}
		var st syscall.Stat_t
		if err := syscall.Stat(full, &st); err != nil {
			t.Fatal(err)
		}
		at.names[st.Ino] = fileName(i)
		at.bytes += size
	}
	return at
}

func fileName(i int) string { return fmt.Sprintf("f%d.bin", i) }

func fileText(i int) []byte { return text(7*i+3, siteSizes[i]) }

// fill copies the files to the disk of a world.
func (at *site) fill(w *simkernel.World) {
	for i := range at.sizes {
		w.WriteFile(fileName(i), fileText(i))
	}
}

// fileOf is simkernel.Options.FileOf.
func (at *site) fileOf(fd int) string {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil {
		return ""
	}
	return at.names[st.Ino]
}

// one is some file that is read from the disk while it is sent.
func (at *site) one(r *rand.Rand) (name string, size int) {
	i := len(at.sizes) - 1 - r.IntN(3)
	return fileName(i), at.sizes[i]
}

// verses are what bodies are made of. A body is a piece of it, and another one for each message.
var verses = func() []byte {
	r := rand.New(rand.NewPCG(1, 1))
	b := make([]byte, 300<<10)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

// text is a body of n bytes, which are its number's.
func text(number, n int) []byte { return slices.Clip(verses[number%5000 : number%5000+n]) }
