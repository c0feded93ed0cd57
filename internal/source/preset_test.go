package source

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// vendorTables makes the tables of a CRM as a loader leaves them, and gives the DSN of their database.
func vendorTables(t *testing.T, file string) (dsn string, db *sqlx.DB) {
	t.Helper()
	sql, err := os.ReadFile("testdata/presets/" + file + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	dsn = dbtest.Postgres(t)
	db = raw(t, dsn)
	db.MustExec(string(sql))
	return dsn, db
}

// canonical prints every row that a source hands over, one a line, and where it comes from.
func canonical(t *testing.T, cfg Config) string {
	t.Helper()
	s := open(t, cfg)
	r, end, err := s.Read(t.Context(), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[pipeline.Rows][]string{}
	add := func(to pipeline.Rows, values ...any) {
		line := make([]string, len(values))
		for i, v := range values {
			line[i] = cellText(v)
		}
		rows[to] = append(rows[to], strings.Join(line, ","))
	}
	for _, p := range r.Reps {
		add(pipeline.Reps, p.ID, p.Name, p.Email, p.ManagerID, p.Team, p.TimeZone, p.Active)
	}
	for h, err := range r.Deals {
		if err != nil {
			t.Fatal(err)
		}
		d := h.Deal
		add(pipeline.Deals, d.ID, d.Name, d.RepID, d.Pipeline, d.Amount, d.Currency, d.CreatedAt, d.ClosedAt, d.Outcome, d.Stage,
			d.ExpectedClose, d.Probability, d.ForecastCategory, d.LossReason)
		for _, c := range h.Changes {
			add(pipeline.StageChanges, d.ID, c.Stage, c.At, c.RepID, c.Seq)
		}
		for _, a := range h.Activities {
			add(pipeline.Activities, d.ID, a.At, a.Kind, a.Party)
		}
		for _, c := range h.Criteria {
			add(pipeline.Criteria, d.ID, c.Criterion, c.At)
		}
		for _, f := range h.Forecasts {
			add(pipeline.Forecasts, d.ID, f.At, f.ExpectedClose, f.Amount, f.Probability, f.Category, f.Seq)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return printed(r, rows)
}

func cellText(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case pipeline.Opt[time.Time]:
		if v.OK {
			return cellText(v.V)
		}
		return ""
	case pipeline.Opt[pipeline.Date]:
		if v.OK {
			return v.V.String()
		}
		return ""
	case pipeline.Opt[float64]:
		if v.OK {
			return strconv.FormatFloat(v.V, 'f', -1, 64)
		}
		return ""
	case pipeline.Opt[int64]:
		if v.OK {
			return strconv.FormatInt(v.V, 10)
		}
		return ""
	}
	return fmt.Sprint(v)
}

func printed(r *pipeline.Reading, rows map[pipeline.Rows][]string) string {
	var b strings.Builder
	var from, missing []string
	for _, name := range pipeline.AllRows {
		if !r.Tables[name] {
			continue
		}
		fmt.Fprintln(&b, name)
		for _, line := range rows[name] {
			fmt.Fprintln(&b, line)
		}
		if n, counted := r.Counts[name]; counted && name != pipeline.Reps {
			fmt.Fprintf(&b, "of all deals: %d\n", n)
		}
		from = append(from, string(name)+" "+r.From[name])
		if lacks := r.Missing[name]; len(lacks) > 0 {
			missing = append(missing, fmt.Sprintf("%s: %s\n", name, strings.Join(lacks, ", ")))
		}
	}
	fmt.Fprintf(&b, "from\n%s\n", strings.Join(from, ", "))
	if len(missing) > 0 {
		b.WriteString("missing\n" + strings.Join(missing, ""))
	}
	notes := slices.DeleteFunc(slices.Clone(r.Notes), func(n string) bool { return strings.Contains(n, "is a superuser") }) // the tests' own is
	if len(notes) > 0 {
		b.WriteString("notes\n" + strings.Join(notes, "\n") + "\n")
	}
	return b.String()
}

func wantRows(t *testing.T, got, file string) {
	t.Helper()
	want, err := os.ReadFile("testdata/presets/" + file + ".want")
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("line %d of %s.want:\n got %s\nwant %s\nall:\n%s", i+1, file, g, w, got)
		}
	}
}

func TestWhatAPresetDoesNotFind(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	cfg := Config{DSN: dsn, Preset: "salesforce"}
	t.Run("an optional column that is absent is null, and said", func(t *testing.T) {
		db.MustExec(`ALTER TABLE salesforce.opportunity DROP COLUMN currency_iso_code, DROP COLUMN is_deleted, DROP COLUMN forecast_category;
			ALTER TABLE salesforce.opportunity_history DROP COLUMN created_by_id`)
		got := canonical(t, cfg)
		for _, part := range []string{"006B,Bolt,005B,New business,800,,2026-03-01T08:30:00Z,,open,Proposal,2026-12-31,0.6,commit,\n", // by the name of the category
			"deals: currency, loss_reason\n", "stage_changes: rep_id\n", "006A,Discovery,2026-01-05T09:00:00Z,,1\n",
			"salesforce.opportunity has no is_deleted: deals in the recycle bin are counted\n"} {
			if !strings.Contains(got, part) {
				t.Errorf("lacks %q:\n%s", part, got)
			}
		}
	})
	t.Run("rows whose table is not there", func(t *testing.T) {
		db.MustExec("DROP TABLE salesforce.task, salesforce.event, salesforce.opportunity_history, salesforce.user_role")
		got := canonical(t, cfg)
		for _, part := range []string{"no activities: no table task; no table event\n", "no stage_changes: no table opportunity_history; no table opportunity_field_history; salesforce.opportunity has no _fivetran_start\n",
			"deals: currency, loss_reason\n", "2026-05-01T00:00:00Z,won"} { // no history: the typed date
			if !strings.Contains(got, part) {
				t.Errorf("lacks %q:\n%s", part, got)
			}
		}
	})
	t.Run("no deals", func(t *testing.T) {
		db.MustExec("ALTER TABLE salesforce.opportunity RENAME COLUMN is_won TO won")
		wantError(t, readError(t, open(t, cfg)), "preset salesforce: in schema", "public", "salesforce.opportunity has no is_won", "source.schema")
		db.MustExec("ALTER TABLE salesforce.opportunity RENAME TO deals")
		wantError(t, readError(t, open(t, cfg)), "in schema public, salesforce no table opportunity; name") // the users are there
		wantError(t, readError(t, open(t, Config{DSN: dsn, Preset: "salesforce", Schema: "crm"})), "in schema crm", "no table user", "no table opportunity")
	})
}

func TestACompanysOwnQueriesBesideAPreset(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec(`ALTER TABLE salesforce.opportunity ADD loss_reason_c text, ADD champion_met_c date;
		UPDATE salesforce.opportunity SET loss_reason_c = 'price' WHERE id = '006C'; UPDATE salesforce.opportunity SET champion_met_c = '2026-01-31' WHERE id = '006A'`)
	got := canonical(t, Config{DSN: dsn, Preset: "salesforce", Queries: map[pipeline.Rows]string{
		pipeline.Deals:    "SELECT d.*, o.loss_reason_c AS loss_reason FROM {preset} AS d JOIN opportunity AS o ON o.id = d.id",
		pipeline.Criteria: "SELECT id AS deal_id, 'champion' AS criterion, champion_met_c AS met_at FROM opportunity WHERE champion_met_c IS NOT NULL",
	}})
	for _, part := range []string{"lost,Closed Lost,2026-04-11,0,omitted,price\n", "criteria\n006A,champion,2026-01-31T00:00:00Z\n",
		"deals source.queries.deals", "stage_changes salesforce.opportunity_history", "006A,Scoping,2026-02-01T10:00:00Z,005M,3\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
	err := readError(t, open(t, Config{DSN: dsn, Preset: "salesforce", Queries: map[pipeline.Rows]string{pipeline.Criteria: "SELECT * FROM {preset} AS c"}}))
	wantError(t, err, "source: queries.criteria: {preset} stands for nothing: preset salesforce finds no criteria here")
}

// salesforceFields is a history of fields that begins on 2026-02-10, when somebody began to track them.
const salesforceFields = `CREATE TABLE salesforce.opportunity_field_history (id text COLLATE "und-x-icu", opportunity_id text, field text, old_value text,
		new_value text, created_by_id text, created_date timestamp, is_deleted boolean);
	INSERT INTO salesforce.opportunity_field_history VALUES
		('017Aa', '006A', 'StageName', 'Scoping', 'Negotiation', '005A', '2026-02-10 09:00', false),  -- two in one second: by id, as bytes
		('017AX', '006A', 'StageName', 'Proposal', 'Scoping', '005A', '2026-02-10 09:00', false),     -- the deal is older than the tracking
		('017A2', '006A', 'StageName', 'Negotiation', 'Closed Won', '005A', '2026-04-11 16:00', false),
		('017A7', '006A', 'StageName', 'Closed Won', 'Closed Won', '005A', '2026-04-20 16:00', false), -- no change
		('017A8', '006A', 'StageName', 'Closed Won', 'Proposal', '005A', '2026-04-21 16:00', true),    -- deleted
		('017Ab', '006A', 'CloseDate', '2026-04-15', '2026-05-01', '005A', '2026-03-01 09:00', false), -- two in one second
		('017AY', '006A', 'CloseDate', '2026-03-31', '2026-04-15', '005A', '2026-03-01 09:00', false),
		('01700', '006A', 'CloseDate', '2026-05-01', '2026-05-02', '005A', '2026-04-02 09:00', false), -- the last, of the lowest id
		('017A4', '006A', 'Amount', '1.0E3', '1200.5', '005A', '2026-03-02 09:00', false),
		('017B0', '006B', 'StageName', 'Old', 'Discovery', '005M', '2026-03-09 08:30', true),
		('017B1', '006B', 'StageName', 'Discovery', 'Proposal', '005M', '2026-03-10 08:30', NULL),     -- made since
		('017B2', '006B', 'StageName', 'Proposal', 'Discovery', '005M', '2026-03-11 08:30', true),
		('017B4', '006B', 'StageName', 'Discovery', 'Proposal', '005M', '2026-03-12 08:30', NULL),     -- back from where the deleted one led
		('017B3', '006B', 'Owner', '005A', '005B', '005M', '2026-03-12 08:30', NULL),
		('017F1', '006F', 'StageName', 'Discovery', 'Closed Won', '005M', '2026-03-20 08:30', NULL)`

func TestWhoseTablesTheseAreIsFoundOut(t *testing.T) {
	detect := func(dsn, want string) {
		t.Helper()
		if got, err := Detect(t.Context(), dsn); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	dsn, db := vendorTables(t, "salesforce")
	detect(dsn, "salesforce")
	for _, other := range presets.Names() {
		if other != "salesforce" {
			of, _ := vendorTables(t, other)
			detect(of, other)
		}
	}
	detect(dbtest.Postgres(t), "")
	lite := dbtest.SQLite(t)
	empty(t, lite)
	detect(lite, "")
	mustImport(t, dsn, with(nil))
	detect(dsn, "") // the canonical tables, which somebody imported on purpose
	if at, err := open(t, Config{DSN: dsn, Preset: "salesforce"}).Synced(t.Context()); err != nil || at.V.Format(time.RFC3339) != "2026-11-02T05:00:00Z" {
		t.Errorf("synced %v, %v", at, err)
	}
	db.MustExec("ALTER TABLE salesforce.opportunity DROP COLUMN _fivetran_synced")
	if at, err := open(t, Config{DSN: dsn, Preset: "salesforce"}).Synced(t.Context()); err != nil || at.OK {
		t.Errorf("synced %v, %v", at, err)
	}
}

func TestTablesThatMayBeOfTwoCRMsAreNotGuessed(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec(fixture(t, "hubspot.sql"))
	_, err := Detect(t.Context(), dsn)
	wantError(t, err, "hubspot", "salesforce")
}
