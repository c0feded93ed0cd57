// Package config embeds the annotated config files of this folder, nothing else: drumbeat.yaml, which names
// every key with its default, and process.yaml, a sample sales process told from the buyer's side.
// The demo runs on that process, and `init` starts from both. Tests of internal/config prove them valid.
// Read internal/config next: it reads such files.
package config

import _ "embed" // the files are the package

// DrumbeatYAML is the annotated reference of the config.
//
//go:embed drumbeat.yaml
var DrumbeatYAML []byte

// ProcessYAML is the annotated sample process.
//
//go:embed process.yaml
var ProcessYAML []byte
