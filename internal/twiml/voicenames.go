package twiml

import (
	"regexp"
	"strings"
)

// men are the voices of Amazon's Polly that are men's; the others are women's.
const men = " Russell Nicolas Ricardo Thiago Brian Arthur Mathieu Remi Hans Daniel Liam Karl Giorgio Adriano Takumi " +
	"Jacek Jan Cristiano Maxim Enrique Sergio Miguel Pedro Andres Joey Justin Kevin Matthew Stephen Gregory Geraint " +
	"Mads Ruben "

// kinds are how Polly's voices are made, at the end of their names.
var kinds = regexp.MustCompile(`-(Neural|Generative|Long-Form)$`)

// pollyTongues are the languages of Polly's voices.
var pollyTongues = []struct{ language, names string }{
	{"en-US", " Danielle Gregory Ivy Joanna Kendra Kimberly Salli Joey Justin Kevin Matthew Ruth Stephen "},
	{"en-GB", " Amy Emma Brian Arthur "},
	{"en-AU", " Nicole Olivia Russell "},
	{"en-IN", " Aditi Raveena Kajal "},
	{"en-IE", " Niamh "},
	{"en-NZ", " Aria "},
	{"en-ZA", " Ayanda "},
	{"en-GB", " Geraint "},
	{"cy-GB", " Gwyneth "},
	{"da-DK", " Mads Naja Sofie "},
	{"de-DE", " Hans Marlene Vicki Daniel "},
	{"de-AT", " Hannah "},
	{"es-ES", " Conchita Enrique Lucia Sergio "},
	{"es-MX", " Mia Andres "},
	{"es-US", " Lupe Miguel Penelope Pedro "},
	{"fr-FR", " Celine Lea Mathieu Remi "},
	{"fr-CA", " Chantal Gabrielle Liam "},
	{"is-IS", " Dora Karl "},
	{"it-IT", " Bianca Carla Giorgio Adriano "},
	{"ja-JP", " Mizuki Takumi Kazuha Tomoko "},
	{"ko-KR", " Seoyeon Jihye "},
	{"nb-NO", " Liv Ida "},
	{"nl-NL", " Lotte Ruben Laura "},
	{"pl-PL", " Ewa Jacek Jan Maja Ola "},
	{"pt-BR", " Camila Ricardo Vitoria Thiago "},
	{"pt-PT", " Cristiano Ines "},
	{"ro-RO", " Carmen "},
	{"ru-RU", " Maxim Tatyana "},
	{"sv-SE", " Astrid Elin "},
	{"tr-TR", " Filiz Burcu "},
	{"cmn-CN", " Zhiyu "},
	{"arb", " Zeina "},
	{"fi-FI", " Suvi "},
	{"ca-ES", " Arlet "},
}

// googleName is the language in a name such as en-GB-Wavenet-B.
var googleName = regexp.MustCompile(`^([a-z]{2,3}-[A-Z]{2})-`)

// soundsLike is what a cloud's voice sounds like, male or female, and its
// language, "" if that is not known.
func soundsLike(family, name string) (gender, language string) {
	gender = "female"
	if family == "Google" {
		if m := googleName.FindStringSubmatch(name); m != nil {
			language = m[1]
		}
		return gender, language
	}
	name = " " + kinds.ReplaceAllString(name, "") + " "
	if strings.Contains(men, name) {
		gender = "male"
	}
	for _, t := range pollyTongues {
		if strings.Contains(t.names, name) {
			language = t.language
		}
	}
	return gender, language
}
