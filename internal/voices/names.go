package voices

import (
	"regexp"
	"strings"
)

// findVoice is the voice for a name of TwiML: "man", "woman", "alice", and
// those of Amazon Polly and Google that begin with "Polly." and "Google."; or
// for one of Kazoo: "female/en-US", "male/ru-RU/Vladimir", "en-US-Wavenet-D".
// language is what such a voice speaks. own is a name that is none of these;
// the voice then is the default.
func findVoice(name string) (voice, language, own string) {
	switch strings.ToLower(name) {
	case "", "default", "female", "woman", "alice":
		return "female", "", ""
	case "male", "man":
		return "male", "", ""
	}
	if voice, language = kazooVoice(name); voice != "" {
		return voice, language, ""
	}
	brand, rest, _ := strings.Cut(name, ".")
	switch strings.ToLower(brand) {
	case "polly":
		voice, language = pollyVoice(rest)
	case "google":
		voice, language = googleVoice(rest)
	}
	if voice == "" {
		return "female", language, name
	}
	return voice, language, ""
}

// kazooVoice finds "female/en-US", with or without a person's name behind it,
// and Google's names as they are.
func kazooVoice(name string) (voice, language string) {
	who, language, ok := strings.Cut(name, "/")
	language, _, _ = strings.Cut(language, "/")
	switch lower := strings.ToLower(who); {
	case ok && (lower == "female" || lower == "male"):
		return lower, language
	case googleName.MatchString(name):
		return googleVoice(name)
	}
	return "", ""
}

// googleName is how Google calls its voices.
var googleName = regexp.MustCompile(`^[a-z]{2,3}-[A-Z]{2}-(Standard|Wavenet|Neural2|News|Studio)-[A-Z]$`)

// branded says that a name is one of TwiML's, and no service's own.
func branded(name string) bool {
	brand, _, dotted := strings.Cut(strings.ToLower(name), ".")
	return dotted && (brand == "polly" || brand == "google")
}

// pollyVoice finds "Joanna" or "Joanna-Neural".
func pollyVoice(name string) (voice, language string) {
	name, _, _ = strings.Cut(name, "-")
	for _, p := range polly {
		if contains(p.female, name) {
			return "female", p.language
		}
		if contains(p.male, name) {
			return "male", p.language
		}
	}
	return "", ""
}

func contains(names, name string) bool {
	for n := range strings.FieldsSeq(names) {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// polly is the voices of Amazon Polly
// (docs.aws.amazon.com/polly/latest/dg/available-voices.html).
var polly = []struct{ language, female, male string }{
	{"en-US", "Danielle Ivy Joanna Kendra Kimberly Ruth Salli", "Gregory Joey Justin Kevin Matthew Patrick Stephen"},
	{"en-GB", "Amy Emma", "Arthur Brian Geraint"},
	{"en-AU", "Nicole Olivia", "Russell"},
	{"en-IN", "Aditi Kajal Raveena", ""},
	{"en-IE", "Niamh", ""},
	{"en-NZ", "Aria", ""},
	{"en-SG", "Jasmine", ""},
	{"en-ZA", "Ayanda", ""},
	{"ar", "Zeina", ""},
	{"ar-AE", "Hala", "Zayd"},
	{"ca-ES", "Arlet", ""},
	{"cmn-CN", "Zhiyu", ""},
	{"cs-CZ", "Jitka", ""},
	{"cy-GB", "Gwyneth", ""},
	{"da-DK", "Naja Sofie", "Mads"},
	{"de-AT", "Hannah", ""},
	{"de-CH", "Sabrina", ""},
	{"de-DE", "Marlene Vicki", "Daniel Hans"},
	{"es-ES", "Alba Conchita Lucia Lucía", "Enrique Raul Raúl Sergio"},
	{"es-MX", "Mia", "Andres Andrés"},
	{"es-US", "Lupe Penelope Penélope", "Miguel Pedro"},
	{"fi-FI", "Suvi", ""},
	{"fr-BE", "Isabelle", ""},
	{"fr-CA", "Chantal Gabrielle", "Liam"},
	{"fr-FR", "Celine Céline Lea Léa", "Mathieu Remi Rémi"},
	{"is-IS", "Dora Dóra", "Karl"},
	{"it-IT", "Bianca Carla", "Adriano Giorgio"},
	{"ja-JP", "Kazuha Mizuki Tomoko", "Takumi"},
	{"ko-KR", "Jihye Seoyeon", ""},
	{"nb-NO", "Ida Liv", ""},
	{"nl-BE", "Lisa", ""},
	{"nl-NL", "Laura Lotte", "Ruben"},
	{"pl-PL", "Ewa Maja Ola", "Jacek Jan"},
	{"pt-BR", "Camila Vitoria Vitória", "Ricardo Thiago"},
	{"pt-PT", "Ines Inês", "Cristiano"},
	{"ro-RO", "Carmen", ""},
	{"ru-RU", "Tatyana", "Maxim"},
	{"sv-SE", "Astrid Elin", ""},
	{"tr-TR", "Burcu Filiz", ""},
	{"yue-CN", "Hiujin", ""},
}

// googleVoice finds "en-US-Standard-C" or "en-US-Chirp3-HD-Puck".
func googleVoice(name string) (voice, language string) {
	parts := strings.Split(name, "-")
	if len(parts) < 4 {
		return "", ""
	}
	language = parts[0] + "-" + parts[1]
	last := parts[len(parts)-1]
	switch men, ok := googleMen[strings.ToLower(language)]; {
	case contains(googleStarsMale, last):
		return "male", language
	case contains(googleStarsFemale, last):
		return "female", language
	case !ok || len(last) != 1:
		return "", language
	case strings.Contains(men, strings.ToUpper(last)):
		return "male", language
	}
	return "female", language
}

// googleMen are the letters of the men among Google's voices; the other
// letters are women (cloud.google.com/text-to-speech/docs/list-voices-and-types).
var googleMen = map[string]string{
	"en-us": "ABDIJNQ", "en-gb": "BDJKLMO", "en-au": "BD", "en-in": "BCF", "cmn-cn": "BC", "da-dk": "CG", "de-de": "BDEH",
	"es-es": "BEG", "es-us": "BC", "fr-ca": "BD", "fr-fr": "BDG", "hi-in": "BCF", "it-it": "CDF", "ja-jp": "CD",
	"ko-kr": "CD", "nb-no": "BDG", "nl-nl": "BCG", "pl-pl": "BCG", "pt-br": "BE", "ru-ru": "BD", "sv-se": "DEG",
	"tr-tr": "BE",
}

// The voices that Google names after stars.
const (
	googleStarsFemale = "Achernar Aoede Autonoe Callirrhoe Despina Erinome Gacrux Kore Laomedeia Leda Pulcherrima " +
		"Sulafat Vindemiatrix Zephyr"
	googleStarsMale = "Achird Algenib Algieba Alnilam Charon Enceladus Fenrir Iapetus Orus Puck Rasalgethi " +
		"Sadachbia Sadaltager Schedar Umbriel Zubenelgenubi"
)
