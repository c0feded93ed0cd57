package main

import (
	"bytes"
	"context"
	"io"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWritesEachMailAndGoesOnCounting(t *testing.T) {
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	mail := []byte("Subject: hello\r\n\r\nbody\r\n")
	for round := 1; round <= 2; round++ {
		ctx, stop := context.WithCancel(t.Context())
		out, printed := io.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-starttls", "-dir", dir, "-ca-out", ca}, printed)
			printed.Close()
		}()
		first := make([]byte, 200)
		n, err := out.Read(first)
		if err != nil {
			t.Fatal(err)
		}
		addr := strings.TrimSpace(strings.TrimPrefix(string(first[:n]), "listening on "))
		rest := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(out)
			rest <- b
		}()
		c, err := smtp.Dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		w := must(t, c)
		_, _ = w.Write(mail)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c.Close()
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		base := filepath.Join(dir, []string{"", "0001", "0002"}[round])
		if got, err := os.ReadFile(base + ".eml"); err != nil || !bytes.Equal(got, mail) {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := os.ReadFile(base + ".env"); err != nil || !strings.Contains(string(got), "RCPT TO:<b@example.com>\n") {
			t.Errorf("%q, %v", got, err)
		}
		if line := string(<-rest); !strings.Contains(line, "to=b@example.com") {
			t.Errorf("printed %q", line)
		}
	}
	if pem, err := os.ReadFile(ca); err != nil || !bytes.Contains(pem, []byte("BEGIN CERTIFICATE")) {
		t.Errorf("%q, %v", pem, err)
	}
}

// must opens the message of a mail to b@example.com.
func must(t *testing.T, c *smtp.Client) io.WriteCloser {
	t.Helper()
	if err := c.Mail("a@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("b@example.com"); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	return w
}
