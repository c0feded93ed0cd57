package main

import (
	"bufio"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
)

// completeFlags lets a shell complete the flags of every command that take one of few words, and offers no files where no
// file is meant. Commands complete by themselves what only they have.
func completeFlags(root *cobra.Command) {
	formats := map[string][]string{"check": {"text", "json"}, "report": {"table", "json", "csv"}, "plan": {"text", "json"}, "list": {"table", "json"}}
	var rows []string
	for _, r := range pipeline.AllRows {
		rows = append(rows, string(r))
	}
	eachCommand(root, func(c *cobra.Command) {
		if c.ValidArgsFunction == nil && c.Name() != "import" {
			c.ValidArgsFunction = cobra.NoFileCompletions
		}
		for flag, words := range map[string]cobra.CompletionFunc{
			"format":    cobra.FixedCompletions(formats[c.Name()], cobra.ShellCompDirectiveNoFileComp),
			"rows":      cobra.FixedCompletions(rows, cobra.ShellCompDirectiveNoFileComp),
			"window":    cobra.FixedCompletions([]string{string(pipeline.Week), string(pipeline.Month), string(pipeline.Quarter)}, cobra.ShellCompDirectiveNoFileComp),
			"schedule":  schedules,
			"time-zone": zones,
		} {
			if c.Flags().Lookup(flag) != nil {
				_ = c.RegisterFlagCompletionFunc(flag, words) // fails only for a flag that is not there
			}
		}
	})
}

// schedules gives those of the config, as far as it can be read.
func schedules(c *cobra.Command, _ []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	path, err := c.Flags().GetString("config")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if cfg, _ := config.Load(path, os.LookupEnv); cfg != nil {
		for _, s := range cfg.Schedules {
			names = append(names, s.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// otherSchedules gives those of the config that the call does not name yet.
func otherSchedules(c *cobra.Command, named []string, begun string) ([]string, cobra.ShellCompDirective) {
	names, directive := schedules(c, nil, begun)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(named, name) }), directive
}

// zones gives the time zones that the machine lists, if it does; any that exists may be written.
func zones(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
	file, err := os.Open("/usr/share/zoneinfo/zone.tab") // countries, places, names
	if err != nil {
		return []string{"UTC"}, cobra.ShellCompDirectiveNoFileComp
	}
	defer func() { _ = file.Close() }() // only read
	names = append(names, "UTC")
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if cells := strings.Split(lines.Text(), "\t"); len(cells) > 2 && !strings.HasPrefix(cells[0], "#") {
			names = append(names, cells[2])
		}
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}
