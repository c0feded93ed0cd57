package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/web"
)

// previewOptions are the flags of preview.
type previewOptions struct{ config, addr, asOf string }

func newPreviewCmd() *cobra.Command {
	var o previewOptions
	c := &cobra.Command{
		Use:   "preview",
		Short: "A web page with every digest as its reader would get it; sends nothing",
		Long: `Show everybody's digests as of any day on a page: HTML, text, source and headers, on a phone and on a desk,
light and dark; and a storybook of hard cases, rendered with your templates. Nothing is sent and nothing is
written. Config, process and templates are read again when they change, so that a reload shows the effect.

Only this machine can open the page, unless --addr says otherwise; then whoever can reach it sees everybody's
digests, and web.auth in the config asks for a name and a password.`,
		Example: `  drumbeat preview --config drumbeat.yaml
  drumbeat preview --config drumbeat.yaml --as-of 2026-06-01 --addr 127.0.0.1:9000`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	configFlag(c, &o.config)
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:8090", "the `ADDR` to listen on; without a host, this machine only")
	c.Flags().StringVar(&o.asOf, "as-of", "", "begin with `T`, a date or an RFC 3339 instant; default: today")
	return c
}

func (o previewOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	at, err := parseMoment("as-of", o.asOf, time.Now())
	if err != nil {
		return err
	}
	if _, err := listenAt("addr", o.addr); err != nil {
		return err
	}
	book := newBook(o.config)
	defer book.Close()
	cfg, err := book.open(ctx)
	if err != nil {
		return err
	}
	day := at.date
	if !at.isDate {
		day = pipeline.DateOf(at.instant, cfg.Zone)
	}
	p := &web.Preview{Book: book, Stories: book.stories(), Languages: book.languages, Day: day, Username: cfg.Web.Username, Password: string(cfg.Web.Password),
		Log: handLogger(stderr, cfg)}
	return servePreview(ctx, stdout, stderr, "addr", o.addr, p)
}

// servePreview shows the page until ctx ends, at the address that flag named.
func servePreview(ctx context.Context, stdout, stderr io.Writer, flag, addr string, p *web.Preview) error {
	at, err := listenAt(flag, addr)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		p.OnlyLocal, p.Username = true, ""
	} else if p.Username == "" {
		fmt.Fprintln(stderr, "drumbeat: preview: whoever reaches this address sees everybody's digests; set web.auth in the config")
	}
	fmt.Fprintf(stdout, "http://%s shows everybody's digests, until Ctrl-C; nothing is sent\n", listener.Addr())
	stop := serveHTTP(listener, p.Handler(), slog.New(slog.DiscardHandler))
	<-ctx.Done()
	stop()
	return nil
}

// deadLinks look like those of a real mail and open nothing: whoever looks at a preview is not its reader.
type deadLinks struct{ base string }

func (d deadLinks) View(string, time.Time) string { return d.link("view") }
func (d deadLinks) Stop(string, time.Time) string { return d.link("stop") }

func (d deadLinks) How() string { return strings.TrimRight(d.base, "/") + "/how" }

func (d deadLinks) link(what string) string {
	return strings.TrimRight(d.base, "/") + "/" + what + "/the-real-mail-has-its-own-link-here"
}

// senderOr gives a sender to a config that cannot send yet: figures and looks need none.
func senderOr(from netmail.Address) netmail.Address {
	if from.Address != "" {
		return from
	}
	return netmail.Address{Name: "Drumbeat", Address: "drumbeat@drumbeat.invalid"}
}
