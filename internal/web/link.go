package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// Links signs the links of mails and reads them again. A link names a mail by the hash in its Message-ID, which
// stands for schedule, period, recipient and rep and is known before the ledger has a row for the mail; so the
// link can be in the bytes that are stored. It holds no address and no id to count up from.
type Links struct {
	base   string
	secret []byte
	keep   time.Duration
}

// How long links open something, counted from the mail's date.
const (
	longestView = 365 * 24 * time.Hour
	stopFor     = 2 * 365 * 24 * time.Hour
)

// NewLinks makes links to base, the URL by which readers reach a Site, signed with secret. Keep is how long mails
// are kept: a link to a mail that is gone would be no use.
func NewLinks(base, secret string, keep time.Duration) *Links {
	return &Links{base: strings.TrimRight(base, "/"), secret: []byte(secret), keep: keep}
}

// What a link is for. One for reading stops nothing, and the other way round.
const (
	forView = "view"
	forStop = "stop"
)

// View is the link that shows a mail in a browser, for as long as the mail is kept, a year at most; empty where
// mails are not kept at all, or where the Message-ID is none of ours.
func (l *Links) View(messageID string, date time.Time) string {
	if l.keep <= 0 {
		return ""
	}
	return l.link(forView, messageID, date.Add(min(l.keep, longestView)))
}

// Stop is the link by which the reader of a mail opts out of its kind, for two years: whoever tidies up an old
// inbox must be able to.
func (l *Links) Stop(messageID string, date time.Time) string {
	return l.link(forStop, messageID, date.Add(stopFor))
}

var hashText = base32.StdEncoding.WithPadding(base32.NoPadding)

const (
	hashLen  = 20 // bytes of the Message-ID's hash
	untilLen = 8
	macLen   = sha256.Size
)

func (l *Links) link(purpose, messageID string, until time.Time) string {
	local, _, _ := strings.Cut(messageID, "@")
	hash, err := hashText.DecodeString(strings.ToUpper(local))
	if err != nil || len(hash) != hashLen {
		return ""
	}
	token := binary.BigEndian.AppendUint64(hash, uint64(max(0, until.Unix())))
	return l.base + "/" + purpose + "/" + base64.RawURLEncoding.EncodeToString(append(token, l.sign(purpose, token)...))
}

func (l *Links) sign(purpose string, what []byte) []byte {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte("drumbeat link 1 " + purpose + " ")) // a purpose has no space in it: nothing runs together
	mac.Write(what)
	return mac.Sum(nil)
}

var (
	errForged  = errors.New("a link that is not ours")
	errExpired = errors.New("a link that has expired")
)

// open gives the hash of the mail that a token names, for this purpose. It says errExpired of our own links only.
func (l *Links) open(purpose, token string, now time.Time) (hash string, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != hashLen+untilLen+macLen {
		return "", errForged
	}
	what, mac := b[:hashLen+untilLen], b[hashLen+untilLen:]
	if !hmac.Equal(mac, l.sign(purpose, what)) { // takes as long whatever is wrong
		return "", errForged
	}
	if until := binary.BigEndian.Uint64(what[hashLen:]); uint64(max(0, now.Unix())) >= until {
		return "", errExpired
	}
	return strings.ToLower(hashText.EncodeToString(what[:hashLen])), nil
}
