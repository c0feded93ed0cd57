package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Files writes mails where a person can open them: DIR/<schedule>/<period>/<name>.eml, .html and .txt.
type Files struct{ Dir string }

// Write puts down one mail, for its owner's eyes only; name is the rep's id. Other files in the folder are left alone.
func (f Files) Write(schedule, period, name string, eml []byte, html, text string) (string, error) {
	dir := filepath.Join(f.Dir, SafeName(schedule), SafeName(period))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write mails: %w", err)
	}
	base := filepath.Join(dir, SafeName(name))
	for _, part := range []struct {
		ext  string
		data []byte
	}{{".eml", eml}, {".html", []byte(html)}, {".txt", []byte(text)}} {
		if err := os.WriteFile(base+part.ext, part.data, 0o600); err != nil {
			return "", fmt.Errorf("write mails: %w", err)
		}
	}
	return base, nil
}

// SafeName makes a file name of any id: bytes that are no ASCII letter, digit, dash, underscore or dot become
// %XX, a leading dot too. One that is too long for a file system is cut, and ends in a hash of the whole.
func SafeName(id string) string {
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() == 0 {
		return "%"
	}
	if b.Len() <= longestName {
		return b.String()
	}
	hash := sha256.Sum256([]byte(id))
	return b.String()[:longestName-33] + "~" + hex.EncodeToString(hash[:16])
}

// longestName leaves room for .html in the 255 bytes of most file systems.
const longestName = 200
