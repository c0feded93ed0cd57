package main

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"drumbeat/internal/config"
)

// newLogger writes as the config says, and nothing above level debug that is about a person.
func newLogger(w io.Writer, cfg *config.Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.Log.Level}
	var handler slog.Handler = slog.NewTextHandler(w, opts)
	if cfg.Log.Format == "json" {
		handler = slog.NewJSONHandler(w, opts)
	}
	return slog.New(discreet{handler, cfg.WithoutSecrets})
}

// handLogger is for commands that people call: what they have to know is printed, the log is for debugging.
func handLogger(w io.Writer, cfg *config.Config) *slog.Logger {
	if cfg.Log.Level > slog.LevelDebug {
		return slog.New(slog.DiscardHandler)
	}
	return newLogger(w, cfg)
}

// discreet is the last hand that a line of the log goes through. What databases and relays say may quote anything: at any
// level it takes out secrets, and above debug addresses and values of the data. Who has to see them asks the ledger, or
// drumbeat check --connect.
type discreet struct {
	slog.Handler
	withoutSecrets func(string) string
}

// Handle implements slog.Handler.
func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(d.attr(a, r.Level > slog.LevelDebug))
		return true
	})
	return d.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler. At what level they will be written is not known.
func (d discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, d.attr(a, true))
	}
	d.Handler = d.Handler.WithAttrs(out)
	return d
}

// WithGroup implements slog.Handler.
func (d discreet) WithGroup(name string) slog.Handler {
	d.Handler = d.Handler.WithGroup(name)
	return d
}

func (d discreet) attr(a slog.Attr, above bool) slog.Attr {
	v := a.Value.Resolve()
	words := v.String()
	switch v.Kind() {
	case slog.KindGroup:
		var members []slog.Attr
		for _, m := range v.Group() {
			members = append(members, d.attr(m, above))
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(members...)}
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			words = err.Error()
		}
	case slog.KindString:
	default: // a number, a time: nothing of the data is logged as such
		return a
	}
	words = d.withoutSecrets(words)
	if above {
		words = impersonal(words, a.Key != "fault") // a fault of the config is told as check prints it
	}
	return slog.String(a.Key, words)
}

var (
	anAddress = regexp.MustCompile(`[^\s<>()",;:]+@[^\s<>()",;:]+`)
	aQuote    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"…?`)
	mistyped  = regexp.MustCompile(`\S+ \((?:u?int\d*|float\d+|bool)\) is no `)
	aName     = regexp.MustCompile(`^"[a-z_][a-z0-9_.$-]*"$`) // of a table, a column, a role: what values of people and money rarely are
)

// impersonal takes addresses out of words and, on demand, what they quote that is no name of a database's thing.
func impersonal(words string, values bool) string {
	if strings.Contains(words, "[redacted]@") {
		words = strings.ReplaceAll(words, "[redacted]@", "[redacted] at ") // a server's, not a person's
	}
	words = anAddress.ReplaceAllString(words, "[address]")
	if !values {
		return words
	}
	words = mistyped.ReplaceAllString(words, "[value] is no ")
	return aQuote.ReplaceAllStringFunc(words, func(q string) string {
		if aName.MatchString(q) {
			return q
		}
		return "[value]"
	})
}
