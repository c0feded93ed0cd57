package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"drumbeat/internal/config"
)

// What databases, relays and data may say, and what of it stands in the log.
func TestTheLogIsDiscreet(t *testing.T) {
	cfg := &config.Config{Source: config.Source{DSN: "postgres://reader:geheim1@db.example.com/crm"}, State: config.State{DSN: "postgres://w:geh%2Feim2@db/state"},
		Mail:      config.Mail{SMTP: config.SMTP{Password: "geheim3"}},
		Web:       config.Web{Secret: "geheim4geheim4", Password: "geheim5"},
		Schedules: []config.Schedule{{Ping: "https://hc-ping.com/geheim6/managers?create=geheim7"}}}
	for _, c := range []struct {
		name string
		said any
		kept string // must stand there
		gone []string
	}{
		{"a relay quotes the address", errors.New(`RCPT: the server says "550 5.1.1 <ann.lee@example.com>: user Ann Lee unknown"`), "RCPT: the server says", []string{"ann.lee", "Ann Lee"}},
		{"a row that is wrong", errors.New(`read deals: row 5 ("Big deal \"of\" Ann"): amount: "12,345.00" is no number`), "read deals: row 5 ([value]): amount: [value] is no number", []string{"Ann", "12,345"}},
		{"a value of another type", errors.New(`read deals: row 5 ([value]): closed_at: 12345 (int64) is no point in time`), "closed_at: [value] is no point in time", []string{"12345"}},
		{"a missing table", errors.New(`pq: relation "stage_changes" does not exist`), `relation "stage_changes" does not exist`, nil},
		{"a DSN", errors.New("connect to postgres://reader:geheim1@db.example.com/crm: refused"), "refused", []string{"geheim1"}},
		{"a password of a DSN, as it is meant", errors.New(`auth "geh/eim2" failed`), "failed", []string{"geh/eim2"}},
		{"another login", errors.New("dial postgres://x:geheim8@db.example.com/crm?password=geheim9 failed"), "failed", []string{"geheim8", "geheim9"}},
		{"passwords", "geheim3 geheim4geheim4 geheim5", "[redacted] [redacted] [redacted]", nil},
		{"a ping URL", errors.New(`Post "https://hc-ping.com/geheim6/managers?create=geheim7": EOF`), "EOF", []string{"geheim"}},
		{"a secret", config.Secret("geheim"), "[redacted]", []string{"geheim"}},
		{"a group", slog.GroupValue(slog.String("to", "ann@example.com")), "[address]", []string{"ann"}},
		{"wrapped", fmt.Errorf("plan: %w", errors.New("ann@example.com")), "plan: [address]", []string{"ann"}},
	} {
		for _, format := range []string{"text", "json"} {
			for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
				var out bytes.Buffer
				cfg.Log = config.Log{Level: slog.LevelDebug, Format: format}
				log := newLogger(&out, cfg)
				log.Log(t.Context(), level, "x", "error", c.said, "n", 7)
				if level > slog.LevelDebug {
					log.With("error", c.said).WithGroup("g").Log(t.Context(), level, "x", "error", c.said)
				}
				line := out.String()
				for _, gone := range c.gone {
					secret := strings.HasPrefix(gone, "geh")
					if (secret || level > slog.LevelDebug) && strings.Contains(line, gone) {
						t.Errorf("%s, %s, %s: %q in %s", c.name, format, level, gone, line)
					}
				}
				plain := strings.ReplaceAll(line, `\"`, `"`)
				if level > slog.LevelDebug && !strings.Contains(plain, c.kept) || !strings.Contains(line, "7") {
					t.Errorf("%s, %s, %s: %q is gone from %s", c.name, format, level, c.kept, line)
				}
			}
		}
	}
	// Above debug; there, who looks for a mail must be able to find it.
	var out bytes.Buffer
	newLogger(&out, cfg).Debug("sent", "to", "ann@example.com")
	if !strings.Contains(out.String(), "ann@example.com") {
		t.Errorf("at debug: %s", out.String())
	}
	// A fault of the config stays as check prints it, but for addresses.
	out.Reset()
	newLogger(&out, cfg).Error("config not reloaded", "fault", `drumbeat.yaml:3:5: cron: "Monday at 7" is no spec; "ann@example.com" neither`)
	if got := strings.ReplaceAll(out.String(), `\"`, `"`); !strings.Contains(got, `"Monday at 7"`) || strings.Contains(got, "ann@") {
		t.Errorf("a fault: %s", got)
	}
}
