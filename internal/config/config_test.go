package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "time/tzdata" // the zones in the test files exist everywhere
)

var update = flag.Bool("update", false, "write the faults as they are now")

func testEnv(name string) (string, bool) {
	v, ok := map[string]string{"NAME": "weekly", "SMTP_PASSWORD": "hunter2", "WEB_SECRET": "s", "WEB_PASSWORD": "p"}[name]
	return v, ok
}

// Each file in testdata/faults has beside it the very lines that a user sees.
func TestEveryFaultIsReportedAtItsPlaceAndAllAtOnce(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, faults := Check(file, testEnv)
			if len(faults) == 0 {
				t.Fatal("accepted")
			}
			if cfg, faults := Load(file, testEnv); (cfg == nil) != (len(faults) > 0) {
				t.Errorf("a config %v beside the faults %v", cfg, faults)
			}
			got := strings.ReplaceAll(faults.Error(), "testdata/faults/", "") + "\n"
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is told:\n%s", got)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".faults"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}
