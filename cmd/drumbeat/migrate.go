package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"drumbeat/internal/ledger"
)

func newMigrateCmd() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Upgrade the state tables to this program's",
		Long: `Upgrade the state tables. Stop all workers first: an older one would not know the new tables.
Run again it changes nothing.`,
		Example: "  drumbeat migrate --config drumbeat.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path, false)
			if err != nil {
				return err
			}
			if err := ledger.Migrate(c.Context(), string(cfg.State.DSN)); err != nil {
				return asCallersFault(err)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "the state tables are those of this version")
			return err
		},
	}
	configFlag(c, &path)
	return c
}
