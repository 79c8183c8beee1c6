package subject

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
)

// modules of the rivals that this program is linked with.
var modules = map[string]string{
	"fasthttp": "github.com/valyala/fasthttp",
	"gnet":     "github.com/panjf2000/gnet/v2",
	"nbio":     "github.com/lesismal/nbio",
	"hertz":    "github.com/cloudwego/hertz",
}

var versionLike = regexp.MustCompile(`v?\d+\.\d+[0-9A-Za-z.+~-]*`)

// Version returns what is known of a subject's version, "" if nothing. Commit is weir's.
func Version(ctx context.Context, name, commit string) string {
	switch name {
	case "weir":
		return commit
	case "net", "net-copy":
		return runtime.Version()
	case "node":
		return said(ctx, name, "--version")
	case "nginx":
		return said(ctx, name, "-v")
	case "haproxy":
		return said(ctx, name, "-v")
	case "c":
		return said(ctx, "cc", "-dumpfullversion")
	case "uv":
		return said(ctx, "pkg-config", "--modversion", "libuv")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == modules[name] {
				return dep.Version
			}
		}
	}
	return ""
}

// said is the first thing that looks like a version in what a program says of itself.
func said(ctx context.Context, program string, args ...string) string {
	path, err := look(program)
	if err != nil {
		return ""
	}
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		return ""
	}
	return versionLike.FindString(string(out))
}

// Commit returns the short commit of weir's tree and whether it has changes beyond it; "unknown" outside a repository.
func Commit(ctx context.Context) (commit string, dirty bool) {
	root, err := ModuleRoot()
	if err != nil {
		return "unknown", false
	}
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=" + filepath.Clean(root), "-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err = git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown", false
	}
	status, err := git("status", "--porcelain", "--untracked-files=no")
	return commit, err == nil && status != ""
}
