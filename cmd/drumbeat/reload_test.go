package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Fault 34: a config that is broken while the worker runs. The old one stays in force, each fault is logged at its
// place, /metrics tell of it; the mended one takes effect without a restart, by itself and on SIGHUP.
func TestABrokenReloadLeavesTheOldConfigInForce(t *testing.T) {
	listen := freeAddress(t)
	dir, _ := inHouse(t, "100w", "web: {listen: \""+listen+"\"}\n")
	path := filepath.Join(dir, "drumbeat.yaml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil { // as editors do
			t.Fatal(err)
		}
	}
	metrics := func() string {
		_, text := fetch(t, http.MethodGet, "http://"+listen+"/metrics", "")
		return text
	}
	until := func(what string, is func(string) bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(metrics()); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s:\n%s", what, metrics())
			}
		}
	}
	configOf := func(text string) string {
		return regexp.MustCompile(`drumbeat_config_info\{config="([^"]*)"`).FindString(text)
	}
	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", path)
	before := configOf(metrics())

	change(strings.Replace(string(good), "schedules:", "shedules:", 1))
	until("the broken config is not noticed", func(text string) bool { return strings.Contains(text, "\ndrumbeat_config_reload_failed 1\n") })
	if now := configOf(metrics()); before == "" || now != before {
		t.Errorf("in force: %s, before: %s", now, before)
	}
	change(strings.Replace(string(good), "listen: \""+listen, "listen: \"127.0.0.1:1", 1))
	time.Sleep(3 * lookEvery)
	if !strings.Contains(metrics(), "\ndrumbeat_config_reload_failed 1\n") {
		t.Error("web.listen was changed while it serves")
	}
	change(strings.Replace(string(good), "weekly-own", "weekly-mine", 1) + "log: {format: json}\n")
	until("the mended config does not take effect", func(text string) bool {
		return strings.Contains(text, "\ndrumbeat_config_reload_failed 0\n") && configOf(text) != before && strings.Contains(text, `schedule="weekly-mine"`)
	})
	at := regexp.MustCompile(`(?m)^drumbeat_config_reload_timestamp_seconds \S+`).FindString(metrics())
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil { // nothing has changed, somebody wants it read all the same
		t.Fatal(err)
	}
	until("SIGHUP is not heard", func(text string) bool {
		return !strings.Contains(text, at) && strings.Contains(text, "\ndrumbeat_config_reload_failed 0\n")
	})
	status, said := stop()
	if status != exitDone {
		t.Errorf("exit status %d", status)
	}
	for _, must := range []string{path + `:`, "8:1: shedules: unknown key; did you mean schedules?", "web.listen cannot change while Drumbeat runs",
		`"schedule is gone, and perhaps renamed: another name is another schedule, which begins with its next tick`, `"schedule":"weekly-own","perhaps_now":"weekly-mine"`,
		`"msg":"config reloaded"`, "worker stopped"} {
		if !strings.Contains(said, must) {
			t.Errorf("the log does not say %q:\n%s", must, said)
		}
	}
}

// A stop that comes while the worker starts finds nothing to finish, which is no failure.
func TestAStopDuringTheStartIsNoFailure(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "100w", "")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := serve(ctx, filepath.Join(dir, "drumbeat.yaml"), io.Discard); err != nil {
		t.Error(err)
	}
	if err := serve(ctx, filepath.Join(dir, "nothing.yaml"), io.Discard); err == nil {
		t.Error("a config that is not there is one")
	}
}
