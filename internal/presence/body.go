package presence

import "encoding/xml"

// The content types of the documents.
const (
	TypeDialogInfo = "application/dialog-info+xml" // RFC 4235 section 6.2
	TypePIDF       = "application/pidf+xml"        // RFC 3863 section 4
)

type dialogInfo struct {
	XMLName xml.Name   `xml:"urn:ietf:params:xml:ns:dialog-info dialog-info"`
	Version uint32     `xml:"version,attr"`
	State   string     `xml:"state,attr"`
	Entity  string     `xml:"entity,attr"`
	Dialog  dialogElem `xml:"dialog"`
}

type dialogElem struct {
	ID        string `xml:"id,attr"`
	Direction string `xml:"direction,attr,omitempty"`
	State     State  `xml:"state"`
}

// DialogInfo is a status as RFC 4235 has it: always the full state, as one
// dialog that stands for all calls and for what was set by hand, "terminated"
// when there is nothing, because that is what lamps of phones are made for.
// entity is the URI that was subscribed to, version grows by one with each
// document that a subscriber gets.
func DialogInfo(entity string, version uint32, s Status) ([]byte, error) {
	return document(dialogInfo{
		Version: version, State: "full", Entity: entity,
		Dialog: dialogElem{ID: s.User, Direction: s.Direction, State: s.State},
	})
}

type pidf struct {
	XMLName xml.Name    `xml:"urn:ietf:params:xml:ns:pidf presence"`
	Entity  string      `xml:"entity,attr"`
	Tuple   pidfTuple   `xml:"tuple"`
	Note    string      `xml:"note,omitempty"`
	Person  *pidfPerson `xml:"urn:ietf:params:xml:ns:pidf:data-model person"`
}

type pidfTuple struct {
	ID    string `xml:"id,attr"`
	Basic string `xml:"status>basic"`
}

type pidfPerson struct {
	ID         string         `xml:"id,attr"`
	Activities pidfActivities `xml:"urn:ietf:params:xml:ns:pidf:rpid activities"`
}

type pidfActivities struct {
	OnThePhone struct{} `xml:"on-the-phone"`
}

// PIDF is a status as RFC 3863 has it, with RFC 4480's activity: idle and
// ringing are open, busy is closed, because that is all that many phones look
// at.
func PIDF(entity string, s Status) ([]byte, error) {
	p := pidf{Entity: entity, Tuple: pidfTuple{ID: "phone", Basic: "open"}}
	switch s.State {
	case Ringing:
		p.Note = "Ringing"
	case Busy:
		p.Tuple.Basic, p.Note, p.Person = "closed", "On the phone", &pidfPerson{ID: "person"}
	case Idle:
	}
	return document(p)
}

func document(v any) ([]byte, error) {
	b, err := xml.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), b...), nil
}
