package export

import (
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// meaning is what a stage or a state was found to mean: there are few of them, and many deals.
type meaning struct {
	outcome pipeline.Outcome
	known   bool
	longer  bool // a word in a longer name told it: what the rest of the name says nobody looked at
}

// outcomeOf says what a stage or a state means: as the map says, else by the words won and lost.
func (m *mapping) outcomeOf(text string) meaning {
	found, seen := m.meanings[text]
	if !seen {
		found = m.judge(text)
		m.meanings[text] = found
	}
	return found
}

func (m *mapping) judge(text string) meaning {
	if o, ok := m.outcomes[sameText(text)]; ok {
		return meaning{outcome: o, known: true}
	}
	return judgeWords(text)
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// The words of outcomes in English, German, French, Spanish and Dutch, and those that change what they say.
var (
	wonWords = wordSet("won closedwon gewonnen gewonnene gewonnener gewonnenes gagné gagnée gagnés gagnées ganado ganada ganados ganadas")

	lostWords = wordSet("lost closedlost verloren verlorene verlorener verlorenes perdu perdue perdus perdues perdido perdida perdidos perdidas")

	// Beside one of these the two are an end.
	closingWords = wordSet("closed deal deals opportunity opportunities abgeschlossen geschlossen geschäft auftrag fermé fermée clos close clôturé " +
		"clôturée conclu conclue affaire l'affaire opportunité l'opportunité cerrado cerrada negocio oportunidad gesloten afgesloten")

	// So are they where a reason follows: lost to a competitor.
	reasonWords = wordSet("to against due because by on an gegen wegen durch aan tegen door vanwege contre par contra por ante debido")

	fillWords = wordSet("and as is the stage phase status und als et est la le y es el en is")

	// Behind one of these a word says something else, up to the next comma or dash.
	negations = wordSet("not no never non un cannot without almost nearly nicht kein keine keiner keines keinen nie niemals noch fast beinahe " +
		"pas jamais aucun aucune sans presque nunca jamás sin ningún ninguna casi niet geen nooit nog bijna")

	yetWords = wordSet("yet still encore aún todavía")

	// Stages with one of these sound like an end, of which nobody says which.
	endWords = wordSet("closed cancelled canceled abandoned rejected abgeschlossen geschlossen abgelehnt abgesagt storniert abgebrochen absage " +
		"fermé fermée clos clôturé clôturée annulé annulée refusé refusée abandonné abandonnée cerrado cerrada cancelado cancelada rechazado " +
		"rechazada abandonado abandonada gesloten afgesloten afgewezen geannuleerd")
)

var (
	// parts of a name: what stands between commas, brackets, and dashes with blanks around them.
	partEnds = regexp.MustCompile(`[,;:|/()\[\]–—]+|\s-+\s`)
	words    = regexp.MustCompile(`[\p{L}\p{N}]+(?:['’]\p{L}+)*`)
)

func wordsOf(text string) []string {
	return words.FindAllString(strings.ReplaceAll(strings.ToLower(text), "’", "'"), -1)
}

func negates(word string) bool {
	return negations[word] || strings.HasSuffix(word, "n't") || strings.HasPrefix(word, "n'")
}

// heard is what the words of a name say, part by part.
type heard struct {
	won, lost bool // not behind a negation
	closing   bool
	firm      bool // the word is all of its part, or has its reason behind it
	more      bool // there are words beside it that say something of their own
	denied    bool // a part says nothing but: not yet
}

func (h *heard) part(list []string) {
	not, alone, core := false, true, -1
	for i, w := range list {
		switch {
		case negates(w):
			not, alone = true, false
		case not:
		case wonWords[w] || lostWords[w]:
			h.won, h.lost = h.won || wonWords[w], h.lost || lostWords[w]
			core = i
		case closingWords[w]:
			h.closing = true
		case !fillWords[w] && notDigit(rune(w[0])):
			alone = false
		}
	}
	h.more = h.more || !alone
	h.firm = h.firm || core >= 0 && (alone || core+1 < len(list) && reasonWords[list[core+1]])
	h.denied = h.denied || not && !slices.ContainsFunc(list, func(w string) bool { return !negates(w) && !yetWords[w] })
}

// judgeWords goes by the words won and lost. A name that only has one of them among others, like "Lost contact", says
// nothing: an open deal that counts as closed is asked after by nobody, while a closed one that counts as open is seen.
func judgeWords(text string) meaning {
	var h heard
	for _, part := range partEnds.Split(text, -1) {
		h.part(wordsOf(part))
	}
	switch {
	case h.won == h.lost || h.denied || h.more && !h.closing && !h.firm:
		return meaning{outcome: pipeline.Open}
	case h.won:
		return meaning{outcome: pipeline.Won, known: true, longer: h.more}
	}
	return meaning{outcome: pipeline.Lost, known: true, longer: h.more}
}

// soundsFinal says whether a name has a word in it that speaks of an end, denied or not.
func soundsFinal(text string) bool {
	return slices.ContainsFunc(wordsOf(text), func(w string) bool { return endWords[w] || wonWords[w] || lostWords[w] })
}

func yes(s string) bool {
	switch strings.ToLower(s) {
	case "true", "t", "yes", "y", "1", "x", "✓", "ja", "wahr", "oui", "vrai", "sí", "si", "verdadero", "waar":
		return true
	}
	return false
}
