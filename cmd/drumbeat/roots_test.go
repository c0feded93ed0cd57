package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// TLS to a relay, a database and a monitor is verified by the system's authorities, and in a bare container by our own.
func TestAuthoritiesAreInsideWhereTheSystemHasNone(t *testing.T) {
	t.Parallel()
	if os.Getenv("DRUMBEAT_TEST_BARE") == "" { // authorities are looked for once in a process
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
		child.Env = append(os.Environ(), "DRUMBEAT_TEST_BARE=1", "SSL_CERT_FILE="+t.TempDir()+"/none", "SSL_CERT_DIR="+t.TempDir())
		if said, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return
	}
	known := 0
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := certificate.Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
			known++
		} else if name := certificate.Subject.CommonName; name == "ISRG Root X1" || name == "DigiCert Global Root G2" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if known < 50 { // out of about 150; some are known only with constraints
		t.Errorf("%d authorities are known", known)
	}
}
