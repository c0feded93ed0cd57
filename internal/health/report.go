// Package health computes the figures: is the process followed, where do deals stand still, do forecasts
// come true. In goes an ordered stream of deals with their histories, a process and one instant; out comes
// a Report, complete and with its final numbers. It reads no database and no clock, and refuses to guess:
// a figure that cannot be computed is missing, never 0.
// Read docs/metrics.md for the definitions, compute.go for the flow, digest for what is made of it.
package health

import (
	"time"

	"drumbeat/internal/pipeline"
)

// Number is a figure that may be missing.
type Number = pipeline.Opt[float64]

// Count is a count that may be missing because the source cannot know it.
type Count = pipeline.Opt[int]

// Report is everything that was computed as of one instant: the JSON of `report --format json`, keys in
// the order of the fields. Rates are fractions (0 to 1), durations days of 86,400 s, money in Currency.
type Report struct {
	AsOf        time.Time       `json:"as_of"`
	Window      pipeline.Period `json:"window"`
	Process     string          `json:"process"`
	Currency    string          `json:"currency"`
	Sources     Sources         `json:"sources"`
	Team        Figures         `json:"team"`
	Managers    []Group         `json:"managers"`
	Reps        []RepFigures    `json:"reps"`
	Stages      []Stage         `json:"stages"`
	Checkpoints []Checkpoint    `json:"checkpoints"`
	Deals       []Deal          `json:"deals"`
	Lost        []LostDeal      `json:"lost"`
	Paths       []Path          `json:"paths"`
	Consistency Number          `json:"consistency"`
	Pressure    *Pressure       `json:"pressure"`
	Gaps        *Gaps           `json:"gaps"`

	// What the words of a digest need beside the figures.
	Newest pipeline.Opt[time.Time] `json:"-"` // the latest stage change, activity or forecast row seen: how fresh the data are
	Closed []ClosedDeal            `json:"-"` // won or lost in the window, by id
	Wins   []StageWins             `json:"-"` // in process order

	// On what the figures rest where the source has no history; nil: they rest on the source alone.
	Observed *Observed `json:"-"`
}

// StageWins says how many deals won in the lookback went without a stage that the version in force at their
// closing asked for.
type StageWins struct {
	Key          string
	Won, Without int
}

// ClosedDeal is a deal that ended in the window.
type ClosedDeal struct {
	ID, Name, RepID string
	Won             bool
	Amount          Number // at closing, in the report's currency
}

// Sources counts the rows seen, missing where the source has none.
type Sources struct {
	Reps         Count `json:"reps"`
	Deals        Count `json:"deals"`
	StageChanges Count `json:"stage_changes"`
	Activities   Count `json:"activities"`
	Criteria     Count `json:"criteria"`
	Forecasts    Count `json:"forecasts"`
	Waivers      Count `json:"waivers"`
}

// Figures are one subject's: a rep's, a manager's group's or the team's.
type Figures struct {
	Adherence *Adherence           `json:"adherence"`
	Stall     *Stall               `json:"stall"`
	Forecast  *ForecastReliability `json:"forecast"`
	Record    *Record              `json:"record"`
	Trend     []TrendPoint         `json:"trend"`
	Focus     pipeline.Opt[string] `json:"focus"`
	Fitness   Number               `json:"fitness"`
}

// Group is a manager with direct reports; the manager's own deals belong to it.
type Group struct {
	ID   string   `json:"id"`
	Reps []string `json:"reps"`
	Figures
}

// RepFigures are one rep's.
type RepFigures struct {
	ID        string               `json:"id"`
	Name      string               `json:"name"`
	Team      pipeline.Opt[string] `json:"team"`
	ManagerID pipeline.Opt[string] `json:"manager_id"`
	Figures
}

// Tally is met of due, with the rate met / due.
type Tally struct {
	Due  int    `json:"due"`
	Met  int    `json:"met"`
	Rate Number `json:"rate"`
}

// Adherence: of the checkpoints judged in the window, how many the buyer's progress met. Low and High are
// the Wilson score interval.
type Adherence struct {
	Due        int             `json:"due"`
	Met        int             `json:"met"`
	Missed     int             `json:"missed"`
	Pending    int             `json:"pending"`
	Excused    int             `json:"excused"`
	Rate       Number          `json:"rate"`
	Low        Number          `json:"low"`
	High       Number          `json:"high"`
	Judged     bool            `json:"judged"`
	ShrunkRate Number          `json:"shrunk_rate"`
	PBelowTeam Number          `json:"p_below_team"`
	CleanMoves int             `json:"clean_moves"`
	MovedBack  int             `json:"moved_back"`
	Stages     Tally           `json:"stages"`
	Evidence   Tally           `json:"evidence"`
	Change     AdherenceChange `json:"change"`
}

// AdherenceChange compares with the four windows before; Low and High are Newcombe's interval of Diff.
type AdherenceChange struct {
	Due  Count  `json:"due"`
	Met  Count  `json:"met"`
	Rate Number `json:"rate"`
	Diff Number `json:"diff"`
	Low  Number `json:"low"`
	High Number `json:"high"`
}

// Stall: open deals and how many stand still longer than their stage's threshold.
type Stall struct {
	OpenDeals        int    `json:"open_deals"`
	StalledDeals     int    `json:"stalled_deals"`
	StalledAmount    Number `json:"stalled_amount"`
	MedianDaysOver   Number `json:"median_days_over"`
	SilentDeals      Count  `json:"silent_deals"`
	Advances         int    `json:"advances"`
	ExpectedAdvances Number `json:"expected_advances"`
	Pace             Number `json:"pace"`
	PaceLow          Number `json:"pace_low"`
	PaceHigh         Number `json:"pace_high"`
}

// ForecastReliability: the calls of the last four completed periods against what came true.
type ForecastReliability struct {
	Periods       []CallPeriod     `json:"periods"`
	CalledDeals   Count            `json:"called_deals"`
	WAPE          Number           `json:"wape"`
	Accuracy      Number           `json:"accuracy"`
	Bias          Number           `json:"bias"`
	UncalledShare Number           `json:"uncalled_share"`
	Brier         Number           `json:"brier"`
	BrierSkill    Number           `json:"brier_skill"`
	Slipped       Count            `json:"slipped"`
	SlipRate      Number           `json:"slip_rate"`
	Pushes        Count            `json:"pushes"`
	DaysPushed    Count            `json:"days_pushed"`
	Judged        bool             `json:"judged"`
	Calibration   []CalibrationBin `json:"calibration"`
	LeadTimes     []LeadTime       `json:"lead_times"`
}

// CallPeriod is one completed forecast period with its call instant.
type CallPeriod struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Call      time.Time `json:"call"`
	Called    Count     `json:"called"`
	Predicted Number    `json:"predicted"`
	Actual    Number    `json:"actual"`
	Uncalled  Number    `json:"uncalled"`
}

// CalibrationBin holds calls whose stated chance lay in [From, To).
type CalibrationBin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	N          int     `json:"n"`
	MeanChance Number  `json:"mean_chance"`
	WonRate    Number  `json:"won_rate"`
	Low        Number  `json:"low"`
	High       Number  `json:"high"`
}

// LeadTime is the call so many weeks before the period's end.
type LeadTime struct {
	Weeks     int    `json:"weeks"`
	Predicted Number `json:"predicted"`
	Actual    Number `json:"actual"`
	Bias      Number `json:"bias"`
	Accuracy  Number `json:"accuracy"`
}

// Record is what the data say about themselves: questions for a manager, never part of a rate.
type Record struct {
	Moves        int                `json:"moves"`
	Suspect      Count              `json:"suspect"`
	EveMoves     Count              `json:"eve_moves"`
	EveP         Number             `json:"eve_p"`
	Flagged      pipeline.Opt[bool] `json:"flagged"`
	NoAmount     Count              `json:"no_amount"`
	NoClose      Count              `json:"no_close"`
	OverdueClose Count              `json:"overdue_close"`
	NoActivity   Count              `json:"no_activity"`
	NoHistory    int                `json:"no_history"`
}

// TrendPoint is one of the eight windows, the report's own last.
type TrendPoint struct {
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"`
	Due          int       `json:"due"`
	Met          int       `json:"met"`
	Rate         Number    `json:"rate"`
	Moves        int       `json:"moves"`
	OpenDeals    int       `json:"open_deals"`
	StalledDeals int       `json:"stalled_deals"`

	// Beside the contract, for the small charts of a digest.
	Stages        Tally  `json:"-"` // of Due and Met the stages alone
	Evidence      Tally  `json:"-"` // and the buyer evidence alone
	StalledAmount Number `json:"-"` // of the stalled deals, by the amounts in force at End
}

// ThresholdSource says where a stage's threshold comes from.
type ThresholdSource string

// The sources of a threshold.
const (
	Configured ThresholdSource = "configured"
	Learned    ThresholdSource = "learned"
	Default    ThresholdSource = "default"
)

// Stage is what was learned of one stage's visits.
type Stage struct {
	Key             string                        `json:"key"`
	Name            string                        `json:"name"`
	Phase           string                        `json:"phase"`
	Visits          int                           `json:"visits"`
	Advanced        int                           `json:"advanced"`
	Back            int                           `json:"back"`
	Lost            int                           `json:"lost"`
	Open            int                           `json:"open"`
	Unknown         int                           `json:"unknown"`
	MedianDays      Number                        `json:"median_days"`
	MedianLow       Number                        `json:"median_low"`
	MedianHigh      Number                        `json:"median_high"`
	ThresholdDays   Number                        `json:"threshold_days"`
	ThresholdSource pipeline.Opt[ThresholdSource] `json:"threshold_source"`
	Calls           *StageCalls                   `json:"calls"`
}

// StageCalls says what being in a stage at a call instant meant for winning.
type StageCalls struct {
	N           int    `json:"n"`
	WonInPeriod Number `json:"won_in_period"`
	EverWon     Number `json:"ever_won"`
}

// Checkpoint is one step of the process in the window.
type Checkpoint struct {
	Key     string `json:"key"`
	Due     int    `json:"due"`
	Met     int    `json:"met"`
	Missed  int    `json:"missed"`
	Pending int    `json:"pending"`
	Excused int    `json:"excused"`
	Earns   *Earns `json:"earns"`
}

// Earns holds whether deals that met a checkpoint are won more often than those that missed it.
type Earns struct {
	MetN      Count                `json:"met_n"`
	MetWon    Count                `json:"met_won"`
	MissedN   Count                `json:"missed_n"`
	MissedWon Count                `json:"missed_won"`
	RiskRatio Number               `json:"risk_ratio"`
	Low       Number               `json:"low"`
	High      Number               `json:"high"`
	Verdict   pipeline.Opt[string] `json:"verdict"`
}

// Deal is one open deal.
type Deal struct {
	ID              string                      `json:"id"`
	Name            string                      `json:"name"`
	RepID           pipeline.Opt[string]        `json:"rep_id"`
	Stage           pipeline.Opt[string]        `json:"stage"` // the key
	Amount          Number                      `json:"amount"`
	ExpectedClose   pipeline.Opt[pipeline.Date] `json:"expected_close"`
	Chance          Number                      `json:"chance"`
	Committed       bool                        `json:"committed"`
	DaysInStage     Number                      `json:"days_in_stage"`
	ThresholdDays   Number                      `json:"threshold_days"`
	Stalled         pipeline.Opt[bool]          `json:"stalled"`
	ChanceToAdvance Number                      `json:"chance_to_advance"` // in the next 30 days, of deals that waited this long
	DaysSinceBuyer  Number                      `json:"days_since_buyer"`
	Silent          pipeline.Opt[bool]          `json:"silent"`
	Pushes          Count                       `json:"pushes"`
	Fitness         Number                      `json:"fitness"`
	Deviations      Count                       `json:"deviations"`
	Missed          []string                    `json:"missed"`
	Concerns        []string                    `json:"concerns"`
	Lacks           []string                    `json:"-"` // of Missed the buyer checkpoints that do not hold at as_of either
	AtLeast         bool                        `json:"-"` // the days in stage are those since we first saw it there; it may have been longer
}

// The words in Deal.Concerns, in their order.
const (
	ConcernStalled  = "stalled"
	ConcernSilent   = "silent"
	ConcernEvidence = "evidence"
	ConcernPushed   = "pushed"
	ConcernOverdue  = "overdue"
)

// LostDeal is a deal lost in the window, retraced.
type LostDeal struct {
	ID             string               `json:"id"`
	RepID          pipeline.Opt[string] `json:"rep_id"`
	Fitness        Number               `json:"fitness"`
	FirstMissed    pipeline.Opt[string] `json:"first_missed"`
	Clean          bool                 `json:"clean"`
	DaysSinceBuyer Number               `json:"days_since_buyer"`
	LossReason     pipeline.Opt[string] `json:"loss_reason"`
	Visits         []LostVisit          `json:"visits"`
	Checkpoints    []LostCheckpoint     `json:"checkpoints"`
}

// LostVisit is one stay of a lost deal.
type LostVisit struct {
	Stage string    `json:"stage"`
	Start time.Time `json:"start"`
	Days  Number    `json:"days"`
	End   string    `json:"end"`
}

// LostCheckpoint is one that fell due on a lost deal.
type LostCheckpoint struct {
	Key   string    `json:"key"`
	At    time.Time `json:"at"`
	State string    `json:"state"`
}

// Path is a sequence of stages that won deals took.
type Path struct {
	Stages  []string `json:"stages"`
	Deals   int      `json:"deals"`
	Share   Number   `json:"share"`
	Follows bool     `json:"follows"`
}

// Pressure compares checkpoints judged in the last 14 days of a forecast period with the rest.
type Pressure struct {
	Late Tally `json:"late"`
	Rest Tally `json:"rest"`
}

// Gaps is what the source lacks.
type Gaps struct {
	Unmapped       []UnmappedStage    `json:"unmapped"`
	InactiveReps   []string           `json:"inactive_reps"`
	WithoutRate    map[string]int     `json:"without_rate"`
	NoParty        pipeline.Opt[bool] `json:"no_party"`
	OtherPipelines int                `json:"other_pipelines"`
}

// UnmappedStage is a stage name that no version of the process knows.
type UnmappedStage struct {
	Stage string `json:"stage"`
	N     int    `json:"n"`
}
