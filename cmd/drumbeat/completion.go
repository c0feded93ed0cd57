package main

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
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

func zones(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return schedule.Zones(), cobra.ShellCompDirectiveNoFileComp
}
