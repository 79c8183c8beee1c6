package main

import (
	"fmt"
	"log"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: pictures FILE.txt ...")
	}
	for _, name := range os.Args[1:] {
		base, ok := strings.CutSuffix(name, ".txt")
		if !ok {
			log.Fatalf("pictures: %s does not end in .txt", name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		svg, err := draw(string(text))
		if err != nil {
			log.Fatalf("%s:%v", name, err)
		}
		if err := os.WriteFile(base+".svg", []byte(svg), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("done:", len(os.Args)-1)
}
