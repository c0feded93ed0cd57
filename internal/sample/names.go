package sample

import (
	"fmt"
	"strings"
)

// Every company and person here is invented; all addresses end in .example, which no mail can reach.

const mailDomain = "harrowmere.example"

type region struct {
	team        string
	first, last []string
	zones       []zone
}

// zone has its offset in hours in winter: the working day needs no more.
type zone struct {
	name   string
	offset int
}

var regions = []region{
	{
		team: "Europe",
		first: []string{"Annika", "Mateusz", "Ingrid", "Tomás", "Claire", "Jonas", "Zoë", "Emeka", "Milena",
			"Oskar", "Fatima", "Luca", "Saoirse", "Henrik", "Yusuf", "Katarina"},
		last: []string{"Lindqvist", "Brandt", "Kowalczyk", "Okafor", "Moreau", "Haugen", "Ferreira", "Vogel",
			"Novák", "O'Dwyer", "Demir", "Rossetti", "Jansen", "Weiß", "Aalto", "Petrov"},
		zones: []zone{{"Europe/Berlin", 1}, {"Europe/London", 0}, {"Europe/Berlin", 1}, {"Europe/Warsaw", 1}},
	},
	{
		team: "Americas",
		first: []string{"Marisol", "Devon", "Aaliyah", "Grant", "Camila", "Terrence", "Beatriz", "Noah",
			"Simone", "Rafael", "Paige", "Malik", "Lucía", "Owen", "Naomi", "Héctor"},
		last: []string{"Whitfield", "Castellanos", "Brooks", "Nakamura", "Almeida", "Prescott", "Rivera",
			"Thibault", "Coleman", "Vargas", "Sutherland", "Quintero", "Hale", "Baptiste", "Moreno", "Fitch"},
		zones: []zone{{"America/New_York", -5}, {"America/Chicago", -6}, {"America/Sao_Paulo", -3}},
	},
	{
		team: "Asia Pacific",
		first: []string{"Mei Lin", "Arjun", "Haruka", "Siti", "Daniel", "Priya", "Kenji", "Grace", "Wei",
			"Anh", "Rohan", "Farah", "Min-jun", "Olivia", "Tariq", "Nadia"},
		last: []string{"Tan", "Raghavan", "Ishikawa", "Rahman", "Wong", "Iyer", "Fujimoto", "Santoso", "Lim",
			"Nguyen", "Chandra", "Hartono", "Seo", "Marsden", "Qureshi", "Goh"},
		zones: []zone{{"Asia/Singapore", 8}, {"Asia/Tokyo", 9}, {"Australia/Sydney", 10}},
	},
}

// personName gives the n-th name of a region; each first name meets each last name before one repeats with a
// number behind it.
func (r region) personName(n int) string {
	f, l := len(r.first), len(r.last)
	name := r.first[n%f] + " " + r.last[(n+n/f)%l]
	if round := n / (f * l); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

var plainLetters = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ë", "e", "ß", "ss", "'", "", "-", "", " ", ".")

func mailAddress(name string) string {
	return plainLetters.Replace(strings.ToLower(name)) + "@" + mailDomain
}

var (
	companyStems = []string{"Velmora", "Karstrand", "Quillbrook", "Tessenwald", "Ostravale", "Lumeridge",
		"Brynhollow", "Castellan Bay", "Dunmarrow", "Elverport", "Fjellmark", "Galdering", "Hexley", "Ivarsund",
		"Jorvale", "Kestrelmoor", "Lindenfurt", "Marrowgate", "Nordhelm", "Oakenshire", "Pellworth", "Quarrier",
		"Rosmarin", "Silverlode", "Thornwick", "Umbrel", "Vantora", "Westermoor", "Yarrowby", "Zellendorf",
		"Altamira Sur", "Bexcombe", "Corrigal", "Drayholt", "Eskmouth", "Farrowdale", "Glimmerstad"}
	companyTrades = []string{"Logistics", "Foods", "Textiles", "Instruments", "Clinics", "Packaging", "Rail",
		"Retail", "Energy", "Insurance", "Ceramics", "Shipping", "Dairy", "Robotics", "Paper", "Hotels",
		"Pharma", "Castings", "Seeds"}
	subjects = []string{"route planning", "warehouse planning", "shift planning", "demand forecast",
		"supplier portal", "stock control", "maintenance planning", "order desk"}
	lossReasons = []string{"no decision", "no decision", "price", "chose a competitor", "budget withdrawn",
		"project postponed", "requirements not met"}
	waiverReasons = []string{"second site of a running customer, tested there already",
		"framework contract covers it", "tender: the buyer sets the steps",
		"pilot of last year stands in for it"}
)

// dealName gives the n-th company and what it wants to buy. The lists' lengths share no factor, so each stem
// meets each trade before one repeats with a number behind it.
func dealName(n int) string {
	company := companyStems[n%len(companyStems)] + " " + companyTrades[n%len(companyTrades)]
	if round := n / (len(companyStems) * len(companyTrades)); round > 0 {
		company += fmt.Sprintf(" %d", round+1)
	}
	return company + ", " + subjects[(n*5+n/len(subjects))%len(subjects)]
}
