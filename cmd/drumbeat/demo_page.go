package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	netmail "net/mail"
	"strings"
	"time"
)

// mailParts is a received mail, taken apart.
type mailParts struct {
	id, to, subject string
	raw             []byte
	html, text      string
}

// readMail takes a mail apart as its reader's program would.
func readMail(raw []byte) (mailParts, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return mailParts{}, err
	}
	p := mailParts{raw: raw, id: strings.Trim(m.Header.Get("Message-ID"), "<>")}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return p, err
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		return p, fmt.Errorf("the field To, %q, is not one address: %w", m.Header.Get("To"), err)
	}
	if p.to = to[0].Name; p.to == "" {
		p.to = to[0].Address
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return p, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return p, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			p.html = text
		} else {
			p.text = text
		}
	}
}

var mailPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drumbeat demo</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif }
  body { margin: 0; display: grid; grid-template-columns: minmax(15rem, 24rem) 1fr; height: 100vh }
  nav { overflow: auto; padding: 1rem } h1 { font-size: 1.2rem } h2 { font-size: 1rem; margin: 1rem 0 .3rem }
  a { display: block; padding: .4rem 0 } small { display: block; opacity: .75 }
  iframe { border: 0; width: 100%; height: 100%; background: #fff }
  @media (max-width: 45rem) { body { grid-template-columns: 1fr; grid-template-rows: 40vh 1fr } }
</style>
<nav><h1>What arrived</h1>
{{range $i, $m := .}}{{if or (eq $i 0) (ne $m.Schedule (index $ $m.Before).Schedule)}}<h2>{{$m.Schedule}}</h2>{{end}}
<a href="/mail/{{$i}}" target="mail">{{$m.To}}<small>{{$m.Subject}}</small></a>
{{end}}</nav>
<iframe name="mail" title="The digest" sandbox src="/mail/0"></iframe>
`))

type pageMail struct {
	Schedule, To, Subject string
	Before                int // the index of the one listed before
}

// serveMails shows the mails on a page until ctx ends. Without a host in addr it listens on this machine only.
func serveMails(ctx context.Context, w io.Writer, addr string, mails []demoMail) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--serve: %w", err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return fmt.Errorf("--serve: %w", err)
	}
	server := &http.Server{Handler: mailHandler(mails), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is in flight that matters
	defer stop()
	fmt.Fprintf(w, "\nhttp://%s shows them all, until Ctrl-C\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("--serve: %w", err)
	}
	return nil
}

func mailHandler(mails []demoMail) http.Handler {
	var list []pageMail
	for i, m := range mails {
		list = append(list, pageMail{Schedule: m.schedule, To: m.to, Subject: m.subject, Before: max(0, i-1)})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		if err := mailPage.Execute(&page, list); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes()) // a reader who has left needs no answer
	})
	mux.HandleFunc("GET /mail/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscan(r.PathValue("n"), &n); err != nil || n < 0 || n >= len(mails) {
			http.NotFound(w, r)
			return
		}
		// A mail is somebody else's HTML: it runs nothing and loads nothing.
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
		http.ServeFile(w, r, mails[n].html)
	})
	return mux
}
