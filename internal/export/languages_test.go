package export

import (
	"testing"

	"drumbeat/internal/pipeline"
)

// Who works with a CRM in another language than English exports headers in it.
func TestHeadersOfOtherLanguages(t *testing.T) {
	for name, c := range map[string]struct {
		preset string
		files  files
		want   []string
	}{
		"HubSpot in German, with a list of reps": {"hubspot-csv", files{
			"deals.csv": "Datensatz-ID,Deal-Name,Deal-Phase,Pipeline,Zuständiger Mitarbeiter,Betrag,Währung,Erstellungsdatum,Abschlussdatum,Deal-Wahrscheinlichkeit\n" +
				"1,Acme,Abgeschlossen und gewonnen,Vertrieb,Ada,5,EUR,2026-01-05 09:30,2026-02-01 10:00,1\n2,Bolt,Angebot,Vertrieb,Ada,7,EUR,2026-01-05 09:30,2026-03-01 10:00,0.5\n",
			"reps.csv": "Vorname,Nachname,E-Mail-Adresse,Führungskraft,Zeitzone\nAda,,ada@example.com,Bob,Europe/Berlin\nBob,,bob@example.com,,\n"},
			[]string{
				"id=1 name=Acme rep_id=Ada pipeline=Vertrieb amount=5 currency=EUR created_at=2026-01-05T09:30:00Z closed_at=2026-02-01T10:00:00Z outcome=won stage=Abgeschlossen und gewonnen probability=1",
				"id=2 name=Bolt rep_id=Ada pipeline=Vertrieb amount=7 currency=EUR created_at=2026-01-05T09:30:00Z outcome=open stage=Angebot expected_close=2026-03-01 probability=0.5",
				"id=Ada name=Ada email=ada@example.com manager_id=Bob time_zone=Europe/Berlin", "id=Bob name=Bob email=bob@example.com"}},
		"Salesforce in German, with its history": {"salesforce-csv", files{
			"deals.csv":   "Opportunity-ID;Opportunity-Name;Opportunity-Inhaber;Phase;Betrag;Schlusstermin;Erstelldatum;Wahrscheinlichkeit (%);Geschlossen;Gewonnen\n1;Acme;Ada;Ende;1.234,5;20.02.2026;05.01.2026;100 %;WAHR;WAHR\n",
			"history.csv": "Opportunity-ID;Von Phase;Zu Phase;Letzte Änderung;Zuletzt geändert von\n1;Angebot;Ende;20.02.2026 10:00;Ada\n"},
			[]string{"id=1 name=Acme rep_id=Ada amount=1234.5 created_at=2026-01-05T00:00:00Z closed_at=2026-02-20T00:00:00Z outcome=won stage=Ende probability=1",
				"id=Ada name=Ada",
				"deal_id=1 stage=Angebot at=2026-01-05T00:00:00Z seq=1", "deal_id=1 stage=Ende at=2026-02-20T10:00:00Z rep_id=Ada seq=2"}},
		"Pipedrive in French": {"pipedrive-csv", files{
			"deals.csv": "Titre;Propriétaire;Étape;Valeur;Devise;Date de création;Statut;Date de clôture prévue;Probabilité\nAcme;Ada;Offre;5;EUR;2026-01-05;Ouvert;2026-03-01;50\nBolt;Ada;Offre;5;EUR;2026-01-05;Perdu;2026-03-01;0\n"},
			[]string{"id=Acme name=Acme rep_id=Ada amount=5 currency=EUR created_at=2026-01-05T00:00:00Z outcome=open stage=Offre expected_close=2026-03-01 probability=0.5",
				"id=Bolt name=Bolt rep_id=Ada amount=5 currency=EUR created_at=2026-01-05T00:00:00Z outcome=lost stage=Offre expected_close=2026-03-01 probability=0", "id=Ada name=Ada"}},
		"in Spanish": {"csv", files{
			"deals.csv": "ID del negocio,Nombre del negocio,Etapa del negocio,Propietario del negocio,Importe,Moneda,Fecha de creación,Fecha de cierre\n1,Acme,Ganado,Ada,5,EUR,2026-01-05,2026-02-01\n"},
			[]string{"id=1 name=Acme rep_id=Ada amount=5 currency=EUR created_at=2026-01-05T00:00:00Z closed_at=2026-02-01T00:00:00Z outcome=won stage=Ganado", "id=Ada name=Ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := told(t, c.files, Options{Preset: c.preset})
			got := append(rows(t, e, pipeline.Deals), rows(t, e, pipeline.Reps)...)
			want(t, append(got, rows(t, e, pipeline.StageChanges)...), c.want...)
		})
	}
}
