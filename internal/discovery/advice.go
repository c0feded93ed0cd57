package discovery

import (
	"fmt"
	"math"
)

// String is the proposal as a sentence without its end.
func (o Proposal) String() string {
	switch o.Advice {
	case SameStage:
		return fmt.Sprintf("it looks like %q: add it to crm_stages of %s", o.Like, o.Stage)
	case NewName:
		return fmt.Sprintf("%s, as if it were the new name of that stage: add it to crm_stages of %s, if it is", o.renaming(), o.Stage)
	case ClosedWon:
		return o.closing("won")
	case ClosedLost:
		return o.closing("lost")
	case NewStage:
		if o.Shown < enough {
			return fmt.Sprintf("%s, too few to tell its place: add it to crm_stages of a stage that means the same, or make it a stage of its own", o.fewEntered())
		}
		return "deals usually enter it " + o.where() + ": make it a stage of its own there, or add it to crm_stages of a stage that means the same"
	}
	return "no deal shows what it is: add it to crm_stages of the stage that means the same"
}

// short says what the name seems to be.
func (o Proposal) short() string {
	switch o.Advice {
	case SameStage:
		return fmt.Sprintf("like %q of %s", o.Like, o.Stage)
	case NewName:
		return o.renaming()
	case ClosedWon:
		return o.closed("won")
	case ClosedLost:
		return o.closed("lost")
	case NewStage:
		if o.Shown < enough {
			return o.fewEntered()
		}
		return "usually entered " + o.where()
	}
	return "no deal shows what it is"
}

// closing is the sentence about a name that closes deals.
func (o Proposal) closing(outcome string) string {
	s := o.closed(outcome)
	if o.Instead != "" {
		s += ", and " + o.gone()
	}
	s += ": add it to closed_stages." + outcome
	if o.Deals < enough {
		s += ", if that is what it means"
	}
	return s
}

// closed is what deals do as they enter a name that closes them; of few deals it says how few.
func (o Proposal) closed(outcome string) string {
	switch {
	case o.Shown == 0:
		return "its name says that deals are " + outcome + " as they enter it"
	case o.Deals == 1:
		return "the 1 deal that entered it was " + outcome + " as it did"
	case o.Deals < enough && o.Shown == o.Deals:
		return fmt.Sprintf("the %d deals that entered it were %s as they did", o.Deals, outcome)
	case o.Deals < enough:
		return fmt.Sprintf("%d of the %d deals that entered it were %s as they did", o.Shown, o.Deals, outcome)
	}
	return "deals are " + outcome + " as they enter it"
}

// fewEntered is where the few deals entered a name that show it.
func (o Proposal) fewEntered() string {
	switch {
	case o.Deals == 1:
		return "the 1 deal that entered it did so " + o.where()
	case o.Shown == o.Deals:
		return fmt.Sprintf("the %d deals that entered it did so %s", o.Deals, o.where())
	}
	return fmt.Sprintf("of the %d deals that entered it %d did so %s", o.Deals, o.Shown, o.where())
}

// renaming is what speaks for a new name.
func (o Proposal) renaming() string {
	return fmt.Sprintf("entered since %s, and %s", day(o.Since), o.gone())
}

func (o Proposal) gone() string {
	return fmt.Sprintf("no deal has entered %q after %s", o.Instead, day(o.Until))
}

func (o Proposal) where() string {
	switch {
	case o.After == "":
		return "before " + o.Before
	case o.Before == "":
		return "after " + o.After
	}
	return fmt.Sprintf("between %s and %s", o.After, o.Before)
}

// Percent is a share in whole percent; only all is 100 and only none 0.
func Percent(part, of int) string {
	share := math.Round(100 * float64(part) / float64(of))
	switch {
	case part > 0 && share == 0:
		return "under 1 %"
	case part < of && share == 100:
		return "over 99 %"
	}
	return fmt.Sprintf("%.0f %%", share)
}
