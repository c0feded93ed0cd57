package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var writeReference = flag.Bool("reference", false, "write docs/commands.md anew")

// The page says what `--help` says of every command, so that it can be read and searched without the program.
func TestTheCommandReferenceIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "commands.md")
	want := commandReference(newRootCmd(io.Discard))
	if *writeReference {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/commands.md is stale; write it anew with make reference")
	}
	for _, must := range []string{"\n## drumbeat ledger optout add ADDRESS\n", "\n## drumbeat completion SHELL\n", "| `--addr ADDR` | the ADDR to listen on; without a host, this machine only | 127.0.0.1:8090 |",
		"| `--wait TIME` | for how long what fails for now is tried again, a TIME such as 30s or 5m | 5m0s |", "\n| 2 | "} {
		if !strings.Contains(want, must) {
			t.Errorf("it does not say %q", must)
		}
	}
}

const referenceHead = `<!-- Written by make reference from the commands' own help. -->
# Every command

%s

Data go to standard output, errors to standard error, one line each: ` + "`drumbeat: where: what; what to do`" + `. Faults of files read
` + "`file:line:column: field: what; hint`" + `, all of them at once.

| exit status | |
|---|---|
| %d | done; also when there was nothing to do, and it says so |
| %d | something failed: a digest could not be delivered, a database was out of reach |
| %d | the call, the config or the input is wrong; nothing was done |

Every command knows ` + "`--help`" + `. What a config says stands in [config/drumbeat.yaml](../config/drumbeat.yaml).

`

// commandReference writes a page with a chapter for each command that does something.
func commandReference(root *cobra.Command) string {
	root.InitDefaultCompletionCmd("completion", "bash")
	root.InitDefaultVersionFlag()
	var index, chapters strings.Builder
	eachCommand(root, func(c *cobra.Command) {
		if c == root || c.Parent().Name() == "completion" || c.Name() == "help" || !c.Runnable() && c.Name() != "completion" {
			return
		}
		use, says := strings.TrimSuffix(c.UseLine(), " [flags]"), orElse(c.Long, c.Short)
		if c.Name() == "completion" {
			use += " SHELL"
			says = "Print the script that lets bash, zsh, fish or powershell complete commands, flags and what they take. [How to\nload it](install.md#shell-completion)."
		}
		fmt.Fprintf(&index, "- [%s](#%s): %s\n", c.CommandPath(), anchor(use), c.Short)
		fmt.Fprintf(&chapters, "\n## %s\n\n%s\n", use, asMarkdown(says))
		if c.Example != "" {
			fmt.Fprintf(&chapters, "\n```sh\n%s\n```\n", dedented(c.Example))
		}
		chapters.WriteString(flagTable(c))
	})
	return fmt.Sprintf(referenceHead, root.Long, exitDone, exitFailed, exitWrong) + index.String() + chapters.String()
}

// asMarkdown keeps the columns of a text that has some.
func asMarkdown(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range paragraphs {
		if strings.Contains(p, "   ") {
			paragraphs[i] = "```text\n" + p + "\n```"
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// flagTable lists a command's flags, those of the commands above it too.
func flagTable(c *cobra.Command) string {
	var rows strings.Builder
	line := func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		fallback := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			fallback = f.DefValue
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", strings.TrimSpace("--"+f.Name+" "+name), strings.ReplaceAll(usage, "|", `\|`), fallback)
	}
	c.LocalFlags().VisitAll(line)
	c.InheritedFlags().VisitAll(line)
	if rows.Len() == 0 {
		return ""
	}
	return "\n| flag | | default |\n|---|---|---|\n" + rows.String()
}

// anchor is the link to a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune("[].…", r):
			return -1
		}
		return r
	}, strings.ToLower(heading))
}

// dedented takes away the two spaces before each line of an example.
func dedented(example string) string {
	lines := strings.Split(strings.TrimRight(example, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
