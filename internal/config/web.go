package config

import (
	"fmt"
	"net"
	"net/url"

	"drumbeat/internal/yamlfile"
)

// leastSecret is how many bytes sign a link that nobody must be able to make.
const leastSecret = 32

// web reads the web server's section. Links need all of it: who serves them, where readers reach that, and what
// signs them.
func (r *reader) web(m *yamlfile.Map) {
	w := &r.cfg.Web
	w.Listen = yamlfile.Value(m, "listen", "", parseListen)
	w.BaseURL = yamlfile.Value(m, "base_url", "", parseBaseURL)
	w.Secret = r.secret(m, "secret")
	auth := m.Map("auth")
	w.Username = auth.Text("username", "")
	w.Password = r.secret(auth, "password")
	bothOrNone(auth, "the web server")
	if w.BaseURL == "" {
		return
	}
	const hint = "give at least 32 characters, such as those of: openssl rand -hex 32"
	key := "secret"
	if m.Has("secret_file") {
		key = "secret_file"
	}
	switch {
	case !m.Has(key):
		m.Fault("base_url", "links there cannot be signed without a secret", "give secret or secret_file, at least 32 characters")
	case w.Secret != "" && len(w.Secret) < leastSecret:
		m.Fault(key, fmt.Sprintf("%d characters sign nothing that cannot be guessed", len(w.Secret)), hint)
	case w.Secret == "" && key == "secret":
		m.Fault(key, "is empty", hint)
	}
	if !m.Has("listen") {
		m.Fault("base_url", "nobody serves what digests would link to", "give listen, such as 127.0.0.1:8080")
	}
}

// Proxied says whether readers come from elsewhere, and that is by a proxy, since we do not speak TLS.
func (w Web) Proxied() bool {
	u, err := url.Parse(w.BaseURL)
	return err == nil && w.BaseURL != "" && !onThisMachine(u.Hostname())
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parseBaseURL wants TLS, since whoever sees a link can open it; a machine may talk to itself without.
func parseBaseURL(s string) (string, error) {
	if _, err := parseURL(s); err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("links go below this URL; write it without ? and #")
	}
	if u.Scheme != "https" && !onThisMachine(u.Hostname()) {
		return "", fmt.Errorf("whoever sees a link on its way can open it; write https://%s%s", u.Host, u.Path)
	}
	return s, nil
}
