package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The direction of flow: tick, read, compute, build, render, record, deliver. Each room knows what its
// left-hand neighbour hands over and nothing to its right.

const module = "drumbeat/"

// only lists rooms that may import these of ours and no other.
var only = map[string][]string{
	"internal/fault":    {},
	"internal/dsn":      {},
	"internal/ping":     {},
	"internal/pipeline": {},
	"internal/yamlfile": {"internal/fault"},
	"internal/process":  {"internal/pipeline", "internal/fault", "internal/yamlfile"},
	"internal/health":   {"internal/pipeline", "internal/process"},
	"internal/sheet":    {"internal/fault"},
	"internal/export":   {"internal/fault", "internal/pipeline", "internal/sheet", "internal/yamlfile"},
	"internal/words":    {"internal/fault", "internal/pipeline", "internal/yamlfile", "templates"},

	"internal/discovery": {"internal/pipeline", "internal/process", "internal/yamlfile"},
}

// never lists what a room and the rooms inside it must not import, by prefix.
var never = map[string][]string{
	"internal":        {module + "cmd"},
	"internal/digest": {"html/template", "text/template", module + "internal/render", module + "internal/mail", module + "internal/source", module + "internal/ledger"},
	"internal/render": {module + "internal/source", module + "internal/ledger", module + "internal/mail"},
	"internal/source": {module + "internal/health", module + "internal/digest", module + "internal/mail", module + "internal/ledger"},
	"internal/ledger": {module + "internal/health", module + "internal/digest", module + "internal/render", module + "internal/source"},
	"internal/mail":   {module + "internal/health", module + "internal/digest", module + "internal/source", module + "internal/ledger"},
	"internal/web":    {module + "internal/health", module + "internal/digest", module + "internal/source", module + "internal/render", module + "internal/worker", module + "internal/config"},
	"internal/worker": {"github.com/robfig/cron", "github.com/wneessen/go-mail", "github.com/jmoiron/sqlx", "database/sql"},
}

// clocks lists who may ask what time it is; everybody else is handed an instant. dbtest is the test kit.
var clocks = []string{"internal/schedule", "internal/ledger", "internal/dbtest", "cmd"}

func TestEachRoomKnowsOnlyItsLeftHandNeighbours(t *testing.T) {
	files := 0
	for _, top := range []string{"internal", "cmd", "docs", "templates"} {
		walk(t, filepath.Join("..", top), func(name string, src []byte) {
			files++
			for _, broken := range faults(t, filepath.ToSlash(strings.TrimPrefix(name, "../")), src) {
				t.Error(broken)
			}
		})
	}
	if files < 10 {
		t.Fatalf("only %d files seen: the walk looks in the wrong place", files)
	}
}

// A rule that cannot fail guards nothing.
func TestTheRulesCanFail(t *testing.T) {
	for _, c := range []struct{ name, file, src, want string }{
		{"pipeline reaches out", "internal/pipeline/x.go", `import "drumbeat/internal/process"`, "may not import drumbeat/internal/process"},
		{"health reads a database", "internal/health/x.go", `import "drumbeat/internal/source"`, "may not import drumbeat/internal/source"},
		{"discovery reads a database", "internal/discovery/x.go", `import "drumbeat/internal/source"`, "may not import drumbeat/internal/source"},
		{"an export writes a database", "internal/export/x.go", `import "drumbeat/internal/source"`, "may not import drumbeat/internal/source"},
		{"a sheet knows columns", "internal/sheet/x.go", `import "drumbeat/internal/pipeline"`, "may not import drumbeat/internal/pipeline"},
		{"process reads the config", "internal/process/x.go", `import "drumbeat/internal/config"`, "may not import drumbeat/internal/config"},
		{"digest writes HTML", "internal/digest/x.go", `import "html/template"`, "may not import html/template"},
		{"render sends", "internal/render/x.go", `import "drumbeat/internal/mail"`, "may not import drumbeat/internal/mail"},
		{"worker parses cron", "internal/worker/x.go", `import "github.com/robfig/cron/v3"`, "may not import github.com/robfig/cron/v3"},
		{"the web builds a digest", "internal/web/x.go", `import "drumbeat/internal/digest"`, "may not import drumbeat/internal/digest"},
		{"a part of a room is the room", "internal/worker/deep/x.go", `import "github.com/jmoiron/sqlx"`, "may not import github.com/jmoiron/sqlx"},
		{"somebody imports cmd", "internal/mail/x.go", `import "drumbeat/cmd/drumbeat"`, "may not import drumbeat/cmd/drumbeat"},
		{"health asks the clock", "internal/health/x.go", "import \"time\"\nvar now = time.Now()", "asks the clock"},
		{"the clock under another name", "internal/digest/x.go", "import clock \"time\"\nvar f = clock.Since", "asks the clock"},
		{"the schedule may ask the clock", "internal/schedule/x.go", "import \"time\"\nvar now = time.Now()", ""},
		{"standard library in pipeline", "internal/pipeline/x.go", `import "time"`, ""},
		{"process reads a file", "internal/process/x.go", `import "drumbeat/internal/yamlfile"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(faults(t, c.file, []byte("package x\n"+c.src)), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// faults says which rules one file breaks.
func faults(t *testing.T, file string, src []byte) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	room, clock := path.Dir(file), ""
	var out []string
	for _, imp := range tree.Imports {
		what, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if what == "time" {
			clock = "time"
			if imp.Name != nil {
				clock = imp.Name.Name
			}
		}
		if !allowed(room, what) {
			out = append(out, file+" may not import "+what)
		}
	}
	if !slices.ContainsFunc(clocks, func(c string) bool { return inside(room, c) }) {
		ast.Inspect(tree, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && clock != "" {
				x, ok := sel.X.(*ast.Ident)
				if ok && x.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
					out = append(out, file+" asks the clock (time."+sel.Sel.Name+"): take the instant as an argument")
				}
			}
			return true
		})
	}
	return out
}

func allowed(room, what string) bool {
	if list, ok := only[room]; ok {
		if ours, is := strings.CutPrefix(what, module); is && !slices.Contains(list, ours) {
			return false
		}
	}
	for r, list := range never {
		if inside(room, r) && slices.ContainsFunc(list, func(n string) bool { return inside(what, n) }) {
			return false
		}
	}
	return true
}

func inside(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// walk visits the Go files that end up in the program; tests may import what they like.
func walk(t *testing.T, root string, visit func(name string, src []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		visit(name, src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
