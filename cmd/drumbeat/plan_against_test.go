package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	files "drumbeat/config"
	"drumbeat/internal/config"
)

// The example of the docs is the one whose output the script demands.
func TestTheDocsShowWhatAChangeReallyDoes(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "plan_against.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "new.golden" })
	if i < 0 || !strings.Contains(string(docs), "```text\n"+string(archive.Files[i].Data)+"```\n") {
		t.Error("docs/operations.md shows another output than testdata/plan_against.txtar")
	}
}

// Every key of the reference, changed, is named; whatever is added to the config is, too.
func TestEveryKeyOfAConfigIsCompared(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{"drumbeat.yaml": files.DrumbeatYAML, "process.yaml": files.ProcessYAML} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, faults := config.Load(filepath.Join(dir, "drumbeat.yaml"), func(string) (string, bool) { return "x", true })
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for key, want := range map[string]string{"time_zone": "UTC", "metrics.forecast.call_after": "14d", "mail.smtp.ca_file": "not set", "mail.rate": "10/s",
		"source.statement_timeout": "5m", "people.112.system": "true", "web.auth.username": "not set", "state.keep_bodies": "90d", "log.level": "INFO",
		"rates": "{GBP: 1.17, USD: 0.92}", "mail.idempotency_header": "not set", "source.dsn": "", "mail.smtp.password": "", "web.secret": "", "web.auth.password": ""} {
		if got, ok := keysOf(cfg)[key]; !ok || got.shown != want {
			t.Errorf("%s is %q (%t), want %q", key, got.shown, ok, want)
		}
	}
	if diff := otherKeys(cfg, cfg); len(diff) > 0 {
		t.Errorf("differs from itself: %+v", diff)
	}
	eachLeaf(reflect.ValueOf(cfg).Elem(), "", func(path string, leaf reflect.Value) {
		before := reflect.New(leaf.Type()).Elem()
		before.Set(leaf)
		defer leaf.Set(before)
		other := *cfg
		switch leaf.Kind() {
		case reflect.String:
			leaf.SetString(leaf.String() + "s3cret")
		case reflect.Int, reflect.Int64:
			leaf.SetInt(leaf.Int() + int64(24*time.Hour))
		case reflect.Bool:
			leaf.SetBool(!leaf.Bool())
		default:
			return
		}
		diff := otherKeys(&other, cfg)
		if len(diff) != 1 {
			t.Errorf("%s changed: %+v", path, diff)
		}
		for _, d := range diff {
			if leaf.Type() == reflect.TypeFor[config.Secret]() && d.Old != nil {
				t.Errorf("%s is secret, and is shown as %s", path, d.text())
			}
		}
	})
}

// eachLeaf visits the single values of a config's sections.
func eachLeaf(v reflect.Value, path string, visit func(string, reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || slices.Contains([]string{"Path", "Files", "Version", "ProcessPath", "Waivers"}, f.Name) {
			continue
		}
		if v.Field(i).Kind() == reflect.Struct {
			eachLeaf(v.Field(i), path+"."+f.Name, visit)
			continue
		}
		visit(path+"."+f.Name, v.Field(i))
	}
}

// Two files are compared by what they say: where they lie is no key of theirs.
func TestAConfigUnderAnotherNameIsTheSame(t *testing.T) {
	dir := t.TempDir()
	configs := map[string]*config.Config{}
	for _, name := range []string{"old.yaml", "new.yaml"} {
		for file, data := range map[string][]byte{name: files.DrumbeatYAML, "process.yaml": files.ProcessYAML} {
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, faults := config.Load(filepath.Join(dir, name), func(string) (string, bool) { return "x", true })
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		configs[name] = cfg
	}
	if diff := otherKeys(configs["old.yaml"], configs["new.yaml"]); len(diff) > 0 {
		t.Errorf("differs from its copy: %+v", diff)
	}
}
