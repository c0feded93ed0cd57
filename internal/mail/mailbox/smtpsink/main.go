// Command smtpsink is a mailbox as a process of its own, for trying Drumbeat by hand against a real SMTP
// server. It takes every mail that comes with the right login, writes it to a folder as NNNN.eml with the
// envelope beside it as NNNN.env, and prints a line for each. In a
// folder that has mails it goes on counting, and refuses to write over one. With -forget it only answers, which is
// what senders are measured against. Read package mailbox for the server itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"drumbeat/internal/mail/mailbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "smtpsink:", err)
		os.Exit(1)
	}
}

// run serves until the context is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("smtpsink", flag.ContinueOnError)
	opts := mailbox.Options{SMTPUTF8: true}
	flags.StringVar(&opts.Addr, "addr", "127.0.0.1:2525", "`host:port` to listen on")
	flags.BoolVar(&opts.StartTLS, "starttls", false, "offer STARTTLS")
	flags.BoolVar(&opts.Implicit, "tls", false, "TLS from the first byte")
	flags.StringVar(&opts.Username, "user", "", "demand this login")
	flags.StringVar(&opts.Password, "password", "", "its password")
	dir := flags.String("dir", "", "write mails to this `folder` (left out: only print)")
	flags.BoolVar(&opts.Forget, "forget", false, "answer mails and keep nothing of them, to measure senders")
	caOut := flags.String("ca-out", "", "write the certificate to trust to this `file`")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if opts.Forget && *dir != "" {
		return errors.New("-forget and -dir exclude each other")
	}
	w := &writer{dir: *dir, out: out}
	if !opts.Forget { // who measures reads no list of mails, and would be waited for
		opts.Received = w.write
	}
	if *dir != "" {
		if err := os.MkdirAll(*dir, 0o755); err != nil {
			return err
		}
		there, err := filepath.Glob(filepath.Join(*dir, "*.eml"))
		if err != nil {
			return err
		}
		w.n = len(there)
	}
	box, err := mailbox.Start(opts)
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	if *caOut != "" {
		if err := os.WriteFile(*caOut, box.CA(), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "listening on %s\n", box.Addr())
	<-ctx.Done()
	return nil
}

// writer numbers the mails; several connections may bring one at once.
type writer struct {
	dir string
	out io.Writer

	mu sync.Mutex
	n  int
}

func (w *writer) write(m mailbox.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	if w.dir != "" {
		if err := w.files(m); err != nil {
			w.n-- // the sender will try again
			return err
		}
	}
	fmt.Fprintf(w.out, "%04d from=%s to=%s bytes=%d tls=%t user=%s\n", w.n, m.From, strings.Join(m.To, ","), len(m.Data),
		m.TLS, m.User)
	return nil
}

// files writes the envelope first, so that whoever sees the mail finds it.
func (w *writer) files(m mailbox.Message) error {
	base := filepath.Join(w.dir, fmt.Sprintf("%04d", w.n))
	envelope := fmt.Sprintf("MAIL FROM:<%s>\nRCPT TO:<%s>\nTLS: %t\nUser: %s\n", m.From, strings.Join(m.To, ">\nRCPT TO:<"),
		m.TLS, m.User)
	if err := create(base+".env", []byte(envelope)); err != nil {
		return err
	}
	return create(base+".eml", m.Data)
}

// create writes a file that must not be there yet.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
