package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drumbeat/internal/yamlfile"
)

// This file says what is wrong with a call, in the words in which all else is said. What cobra says of it was meant for
// programmers.

// callWords are cobra's sentences that need the call's own words in place of its; $1 and $2 are what it quotes.
var callWords = []struct {
	of  *regexp.Regexp
	say string
}{
	{regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(\S+) (\S+)\] were all set$`), "--$1 and --$2 exclude each other"},
	{regexp.MustCompile(`^required flag\(s\) "(\S+)" not set$`), "--$1 is missing"},
	{regexp.MustCompile(`^unknown command "(.*)" for "drumbeat (.*)"$`), `$2 takes no arguments, and got "$1"`},
}

// asCall says an error that cobra found, before the command's own code ran, and where to read on.
func asCall(called *cobra.Command, err error) error {
	what, _, _ := strings.Cut(err.Error(), "\n") // cobra's suggestions span lines: the first one says what is wrong
	for _, w := range callWords {
		what = w.of.ReplaceAllString(what, w.say)
	}
	return wrong("%s; see '%s --help'", what, called.CommandPath())
}

// flagWords says what is wrong with a flag.
func flagWords(c *cobra.Command, err error) error {
	var stranger *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var odd *pflag.InvalidValueError
	switch {
	case errors.As(err, &stranger) && stranger.GetSpecifiedShortnames() == "":
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if hint := yamlfile.Suggest("--"+stranger.GetSpecifiedName(), names); strings.HasPrefix(hint, "did you mean") {
			return fmt.Errorf("unknown flag: --%s; %s", stranger.GetSpecifiedName(), hint)
		}
	case errors.As(err, &stranger):
		return fmt.Errorf("unknown flag: -%s; flags of more than a letter begin with --", stranger.GetSpecifiedShortnames())
	case errors.As(err, &bare):
		return fmt.Errorf("--%s needs a value", bare.GetFlag().Name)
	case errors.As(err, &odd):
		write := map[string]string{"duration": "write a time with its unit, such as 30s or 5m", "uint64": "write a whole number, 0 or more",
			"int": "write a whole number", "bool": "give it no value"}
		return fmt.Errorf("invalid argument %q for \"--%s\"; %s", odd.GetValue(), odd.GetFlag().Name, write[odd.GetFlag().Value.Type()])
	}
	return err
}

// noneEmpty refuses what a script says whose variable is empty. Passed over, an empty --only would be everybody, and a
// test with an empty --redirect would go to the readers.
func noneEmpty(c *cobra.Command) (err error) {
	give := map[string]string{"T": "give a date", "ADDRESS": "name an address", "DIR": "name a folder", "FILE": "name a file", "ID": "give an id"}
	c.Flags().Visit(func(f *pflag.Flag) {
		if err != nil || f.Value.String() != "" && f.Value.String() != "[]" {
			return
		}
		name, _ := pflag.UnquoteUsage(f)
		do := "give it a value"
		if g, ok := give[name]; ok {
			do = g
		}
		if _, required := f.Annotations[cobra.BashCompOneRequiredFlag]; !required {
			do += " or leave it out"
		}
		err = wrong("--%s is empty; %s", f.Name, do)
	})
	return err
}

// oneArg demands exactly one argument, which is called what.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("%s takes one %s, and got %d", path(c), what, len(args))
		}
		return someArgs(what)(c, args)
	}
}

// someArgs demands at least one argument, each called what.
func someArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s of %s is missing", what, path(c))
		}
		return nil
	}
}

// path names a command without the program.
func path(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

// folderFor makes the folder of --out.
func folderFor(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, ".drumbeat-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	return noFolder(dir, err)
}

// noFolder says that the folder of --out is none to write into; nil stays nil.
func noFolder(dir string, err error) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		err = e.Err // without the name of the system's call
	}
	if err == nil {
		return nil
	}
	return wrong("--out: %s: %w; name a folder that can be written to", dir, err)
}

// listenAt gives the address to listen on, which flag named; without a host it is this machine's alone.
func listenAt(flag, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil {
		return "", wrong("--%s: %q is no address; write 127.0.0.1:8090, the port from 0 to 65535", flag, addr)
	}
	return net.JoinHostPort(cmp.Or(host, "127.0.0.1"), strconv.FormatUint(n, 10)), nil
}

// newHelpCmd is `help COMMAND`, which knows when there is no such command.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "The help of a command",
		Long:    "The help of a command; 'drumbeat COMMAND --help' says the same.",
		Example: "  drumbeat help run\n  drumbeat help ledger list",
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := c.Root().Find(args)
			if len(rest) > 0 {
				err = knownCommand(of, rest)
			}
			if err != nil {
				return asCall(of, err)
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}

// plainWords are the words of drivers and of the system that say nothing to who reads them, and what is said in place.
var plainWords = []struct {
	of  *regexp.Regexp
	say string
}{
	{regexp.MustCompile(`(?:dial|listen) tcp(?: \S+)?: lookup (\S+?)(?: on \S+)?: no such host`), "there is no host $1 (DNS does not know it)"},
	{regexp.MustCompile(`smtp (\S+): connect: dial tcp \S+: connect: connection refused`), "smtp $1: nothing listens there: connection refused"},
	{regexp.MustCompile(`dial tcp (\S+): connect: connection refused`), "nothing listens on $1: connection refused"},
	{regexp.MustCompile(`dial tcp (\S+): connect: `), "$1: "},
	{regexp.MustCompile(`dial tcp (\S+): i/o timeout`), "no answer in time from $1"},
	{regexp.MustCompile(`listen tcp (\S+): bind: address already in use`), "$1 is taken by another program: choose another port, or stop that one"},
	{regexp.MustCompile(`listen tcp (\S+): bind: `), "$1: "},
	{regexp.MustCompile(`context deadline exceeded`), "no answer in time"},
	{regexp.MustCompile(`\bpq: `), ""},
	{regexp.MustCompile(`^ledger: [a-z -]+: `), ""},                                  // the step; the rest names the thing
	{regexp.MustCompile(`(file is not a database|is locked|is full) \(\d+\)`), "$1"}, // SQLite's number
	{regexp.MustCompile(`(for user "[^"]*"|does not exist) \([0-9A-Z]{5}\)`), "$1"},  // PostgreSQL's
}

// plainly says a line of an error in words of people.
func plainly(line string) string {
	for _, w := range plainWords {
		line = w.of.ReplaceAllString(line, w.say)
	}
	return line
}

// nameShells gives cobra's command for completion a body, so that a shell that it does not know is a fault.
func nameShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Short, c.Long = "A script that lets a shell complete commands and flags", "Print a script that lets a shell complete commands and flags.\nThe help of each shell says where the script belongs."
		c.Example = "  source <(drumbeat completion bash)"
		c.Args, c.RunE = knownCommand, func(c *cobra.Command, _ []string) error { return c.Help() }
		for _, shell := range c.Commands() {
			shell.Short = "The script for " + shell.Name()
		}
	}
}
