module github.com/weir-go/weir

go 1.26.0

require (
	github.com/panjf2000/gnet/v2 v2.9.8
	go.uber.org/goleak v1.3.0
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)
