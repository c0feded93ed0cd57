package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/mail/mailbox"
)

// certificate makes one for 127.0.0.1 that is its own authority, changed as the test wants it, and a file to trust it by.
func certificate(t *testing.T, change func(*x509.Certificate)) (server *tls.Config, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, caFile
}

// Fault 24: a certificate that is not to be trusted stops everything before the password and the mail.
func TestCertificates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*x509.Certificate)
		trust  bool
		tls    func(*tls.Config)
		says   string // empty: sent
	}{
		{"as it should be", func(*x509.Certificate) {}, true, nil, ""},
		{"an authority nobody knows", func(*x509.Certificate) {}, false, nil, "mail.smtp.ca_file"},
		{"another host's", func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"mx.example.com"} }, true, nil, "mail.smtp.host"},
		{"expired", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }, true, nil, "must be renewed"},
		{"not yet valid", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }, true, nil, "clock"},
		{"TLS of the past", func(*x509.Certificate) {}, true, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, "protocol version"},
	} {
		for _, mode := range []TLSMode{TLSMandatory, TLSImplicit, TLSOpportunistic} {
			t.Run(tt.name+" "+string(mode), func(t *testing.T) {
				config, caFile := certificate(t, tt.change)
				if tt.tls != nil {
					tt.tls(config)
				}
				box, cfg := startBox(t, mailbox.Options{TLS: config, StartTLS: mode != TLSImplicit, Implicit: mode == TLSImplicit,
					Username: "u", Password: "p"})
				cfg.TLS = mode
				if tt.trust {
					cfg.CAFile = caFile
				}
				c := &Conn{sender: senderTo(t, cfg)}
				defer c.Close()
				r := c.Send(t.Context(), from, to, build(t, weekly()), always)
				if tt.says == "" {
					if got := box.Messages(); r.Outcome != Sent || len(got) != 1 || !got[0].TLS || got[0].User != "u" {
						t.Errorf("%+v, %d mails", r, len(got))
					}
					return
				}
				if r.Outcome != Relay || !strings.Contains(r.Err.Error(), tt.says) || len(box.Messages()) != 0 || box.Logins() != 0 {
					t.Errorf("%+v, %d mails, %d logins", r, len(box.Messages()), box.Logins())
				}
			})
		}
	}
}
