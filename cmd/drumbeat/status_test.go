package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/worker"
)

// rewrite changes words of a file.
func rewrite(t *testing.T, file string, pairs ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// until gives the page as soon as it says all of this.
func until(t *testing.T, address string, all ...string) (page string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		status, page := fetch(t, http.MethodGet, address, "")
		missing := ""
		for _, want := range all {
			if !strings.Contains(page, want) {
				missing = want
			}
		}
		if _, body, _ := strings.Cut(page, "</style>"); status == http.StatusOK && missing == "" {
			return body
		}
		if time.Now().After(end) {
			t.Fatalf("%d, %q is missing in\n%s", status, missing, page)
		}
	}
}

func TestServeShowsWhoeverIsOnCallHowItStands(t *testing.T) {
	t.Parallel()
	dbtest.Both(t, func(t *testing.T, dsn string) {
		listen := freeAddress(t)
		dir, box := inHouse(t, "90d", "web: {listen: \""+listen+"\"}\n")
		config := filepath.Join(dir, "drumbeat.yaml")
		rewrite(t, config, "sqlite:state.db", dsn)
		call(t, "run", "--config", config, "--as-of", "2026-06-01")
		stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
		address := "http://" + listen + "/" // which leads there

		page := until(t, address, "by hand", " sent", "2026-06-01", "weekly-own", "weekly-team", "none since the start", "Answers</dt><dd>yes")
		if strings.Contains(page, "@") || strings.Contains(page, dsn) || len(box.Messages()) == 0 {
			t.Errorf("an address or a DSN in\n%s", page)
		}
		for _, m := range box.Messages() {
			message, err := netmail.ReadMessage(bytes.NewReader(m.Data))
			if err != nil {
				t.Fatal(err)
			}
			to, err := message.Header.AddressList("To")
			if err != nil || to[0].Name != "" && strings.Contains(page, to[0].Name) {
				t.Errorf("%v is named: %v", to, err)
			}
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"status", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("a name of somebody else's: %v, %v", answer, err)
		} else {
			_ = answer.Body.Close()
		}

		rewrite(t, config, "schedules:", "nonsense: 1\nschedules:")
		until(t, address, "A changed config could not be taken", "drumbeat.yaml:", "nonsense: unknown key", "drumbeat check --config "+config)
		rewrite(t, config, "nonsense: 1\n", "")
		if page := until(t, address, " ago: taken"); strings.Contains(page, "could not be taken") {
			t.Errorf("it was mended, but\n%s", page)
		}
		if status, said := stop(); status != exitDone {
			t.Errorf("exit status %d, log:\n%s", status, said)
		}
	})
}

// Databases and relays quote what they stumble over: rows of deals, people's names.
func TestWhatAWorkerKnowsIsShownWithoutPeopleAndAmounts(t *testing.T) {
	p := pulse(worker.Vitals{RelayWords: `550 "Ann Lee" <ann@example.com> unknown`, RelayFailures: 2,
		Hindered: map[string]worker.Hindrance{"own": {Words: `read deals: row 5 ("Hafen AG of Ann"): amount: "12,345.00" is no number`, Held: true}}})
	said := p.RelayWords + p.Hindered["own"].Words
	for _, gone := range []string{"Ann", "Hafen", "12,345", "@"} {
		if strings.Contains(said, gone) {
			t.Errorf("%q stands in %q", gone, said)
		}
	}
	if !strings.Contains(said, "550 [value]") || !strings.Contains(said, "read deals: row 5 ([value]): amount: [value] is no number") || !p.Hindered["own"].Held || p.RelayFailures != 2 {
		t.Errorf("%+v", p)
	}
}

// What the worker knows, and the ledger does not, comes to the page.
func TestServeShowsThatTheRelayIsGoneAndWhatWaits(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	dir, box := inHouse(t, "90d", "web: {listen: \""+listen+"\", auth: {username: ops, password: geheim}}\n")
	config := filepath.Join(dir, "drumbeat.yaml")
	rewrite(t, config, "port: "+strconv.Itoa(box.Port()), "port: 1")
	waitingSince(t, "sqlite:"+filepath.Join(dir, "state.db"))
	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	if status, page := fetch(t, http.MethodGet, "http://"+listen+"/status", ""); status != http.StatusUnauthorized || strings.Contains(page, "weekly") {
		t.Errorf("without the name and the password: %d\n%s", status, page)
	}
	page := until(t, "http://ops:geheim@"+listen+"/status", "The mail relay does not work: ", "connection refused", "and none is lost", "1 digest may or may not have arrived",
		"drumbeat ledger settle 1 --as sent --config "+config, "A digest has been on the line for 2 hours", "SQLite")
	if strings.Contains(page, "@") {
		t.Errorf("an address in\n%s", page)
	}
	if status, said := stop(); status != exitDone {
		t.Errorf("exit status %d, log:\n%s", status, said)
	}
}

// While the state database says nothing, and nobody hangs up, the page still comes.
func TestServeShowsWhatItLastKnewWhileTheStateDatabaseIsSilent(t *testing.T) {
	listen := freeAddress(t)
	dsn, silent := stalling(t, dbtest.Postgres(t))
	dir, _ := inHouse(t, "90d", "web: {listen: \""+listen+"\"}\n")
	config := filepath.Join(dir, "drumbeat.yaml")
	rewrite(t, config, "sqlite:state.db", dsn)
	call(t, "run", "--config", config, "--as-of", "2026-06-01")
	background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	address := "http://" + listen + "/status"
	until(t, address, "Answers</dt><dd>yes", "by hand")
	silent(true)
	began := time.Now()
	page := until(t, address, "The state database does not answer", "no answer within 3 seconds", "What is said of digests and runs is old", "by hand")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if strings.Contains(page, dsn) {
		t.Errorf("the DSN stands in\n%s", page)
	}
	silent(false)
	until(t, address, "Answers</dt><dd>yes")
}

// stalling gives a DSN that leads to the same server, by a line that can be made silent.
func stalling(t *testing.T, dsn string) (through string, silent func(bool)) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var stalled atomic.Bool
	var all sync.Map // connections
	server := u.Host
	carry := func(to io.Writer, from io.Reader) {
		for b := make([]byte, 1<<15); ; {
			n, err := from.Read(b)
			for stalled.Load() {
				time.Sleep(10 * time.Millisecond)
			}
			if err == nil {
				_, err = to.Write(b[:n])
			}
			if err != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			all.Store(client, up)
			go func() { carry(up, client); _ = up.Close() }()
			go func() { carry(client, up); _ = client.Close() }()
		}
	}()
	t.Cleanup(func() {
		stalled.Store(false)
		_ = listener.Close()
		all.Range(func(client, up any) bool {
			_, _ = client.(net.Conn).Close(), up.(net.Conn).Close()
			return true
		})
	})
	u.Host = listener.Addr().String()
	return u.String(), stalled.Store
}
