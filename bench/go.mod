module github.com/weir-go/weir/bench

go 1.26.0

require (
	github.com/panjf2000/gnet/v2 v2.9.8
	github.com/valyala/fasthttp v1.77.0
	github.com/weir-go/weir v0.0.0-00010101000000-000000000000
	golang.org/x/sys v0.49.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/molecule-man/go-brrr v1.3.0 // indirect
	github.com/panjf2000/ants/v2 v2.12.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/sync v0.11.0 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)

// The rivals stay out of the library's own module graph; the library is the tree above.
replace github.com/weir-go/weir => ../
