package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	reference "drumbeat/config"
)

// Whatever value is the environment's, and however YAML, a URL or a careless hand spoils a secret, wherever it stands:
// no fault repeats it.
func TestNoFaultRepeatsASecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-environment"
	env := func(string) (string, bool) { return secret, true } // wherever ${…} stands
	dir := t.TempDir()
	whole := strings.ReplaceAll(string(reference.DrumbeatYAML), "#: ", "")
	check := func(what, text string) {
		path := filepath.Join(dir, "drumbeat.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, faults := Check(path, env)
		for _, one := range faults {
			if strings.Contains(one.String(), secret) || strings.Contains(one.String(), "hunter2") {
				t.Errorf("%s: %v", what, one)
			}
		}
	}
	// Every value of the reference is the environment's, one after the other and all at once.
	lines, all := strings.Split(whole, "\n"), []string{}
	for i, line := range lines {
		key, value, found := strings.Cut(line, ": ")
		if !found || strings.HasPrefix(strings.TrimSpace(line), "#") || strings.TrimSpace(value) == "" {
			all = append(all, line)
			continue
		}
		for _, form := range []string{"${SECRET}", `"x${SECRET}y"`, `["${SECRET}"]`, `{"a": "${SECRET}"}`} {
			planted := append([]string{}, lines...)
			planted[i] = key + ": " + form
			check(planted[i], strings.Join(planted, "\n"))
		}
		all = append(all, key+": ${SECRET}")
	}
	check("all at once", strings.Join(all, "\n"))
	// Every secret of the file itself, in the forms that YAML, a URL or a careless hand spoil.
	for _, spoilt := range []string{"hunter2", "*hunter2", "&hunter2", "!hunter2", "%hunter2", "@hunter2", "`hunter2", "#hunter2", "[hunter2", "{hunter2", `"hunter2`, "'hunter2", "hunter2: a", `"hunter2"hunter2"`,
		`"hunter2\q"`, "|hunter2", ">hunter2", "${hunter2", "${hunter2 }", "$hunter2", "- hunter2", "? hunter2", "\thunter2", "[hunter2, hunter2]", "{a: hunter2}", "!!binary hunter2", "<<: hunter2",
		"postgres://u:hunter2@db:x/y", "postgres://u:hunter2%@db", "host=db password=hunter2", "mysql://u:hunter2@db", "Driver=x;Pwd=hunter2", "sqlite:", "jdbc:x?password=hunter2"} {
		for _, text := range []string{
			"source:\n  dsn: " + spoilt + "\n", "source: {dsn: " + spoilt + "}\n", "state:\n  dsn: " + spoilt + "\n", "state:\n  dsn_file: " + spoilt + "\n",
			"mail:\n  smtp:\n    username: u\n    password: " + spoilt + "\n", "mail:\n  smtp:\n    password_file: " + spoilt + "\n", "mail:\n  password: " + spoilt + "\n", "mail:\n  smtp:\n    pass: " + spoilt + "\n",
			"password: " + spoilt + "\n", "web:\n  base_url: https://x\n  secret: " + spoilt + "\n", "web:\n  secret_file: " + spoilt + "\n", "web:\n  auth: {username: u, password: " + spoilt + "}\n", "web:\n  auth: " + spoilt + "\n",
			"smtp_password: " + spoilt + "\n", "mail: " + spoilt + "\n", "mail:\n  smtp: " + spoilt + "\n",
		} {
			check(text, text+"process: process.yaml\n")
		}
	}
}
