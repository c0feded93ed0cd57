package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/render"
)

var (
	update    = flag.Bool("update", false, "rewrite the golden files")
	storybook = flag.String("storybook", os.Getenv("DRUMBEAT_STORYBOOK"), "write every digest of the storybook into this folder, for looking")
)

func build(t testing.TB, in digest.Input) *digest.Digest {
	t.Helper()
	d, err := digest.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rendered(t testing.TB, in digest.Input) render.Content {
	t.Helper()
	c, err := render.Render(build(t, in))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStorybook(t *testing.T) {
	if *storybook == "" {
		return
	}
	for _, s := range digesttest.Stories() {
		c := rendered(t, s.Input)
		for ext, text := range map[string]string{".html": c.HTML, ".txt": c.Text} {
			if err := os.WriteFile(filepath.Join(*storybook, s.Name+ext), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
