package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// List is a list of numbers; its entries are documents of their own.
type List struct {
	Name        string `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Description string `json:"description,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"What it is for."`
	Org         string `json:"org,omitempty" jsonschema_description:"Whose numbers they are."`
	ListType    string `json:"list_type,omitempty" jsonschema_description:"A word of your own."`
	// What Kazoo's code reads besides its schema.
	Entries map[string]any `json:"entries,omitempty" jsonschema_description:"Entries of its own for dynamic_cid, by the digits that choose them: objects of number and name."`
	Length  int            `json:"length,omitempty" jsonschema:"minimum=1" jsonschema_description:"How many digits those are; 2 if not given."`
}

// ListEntry is one entry of a list.
type ListEntry struct {
	ListID             string   `json:"list_id" jsonschema:"required" jsonschema_description:"The list it is in."`
	Number             string   `json:"number,omitempty" jsonschema_description:"A number, or how numbers begin."`
	Pattern            string   `json:"pattern,omitempty" jsonschema_description:"A regular expression of numbers."`
	CaptureGroupKey    string   `json:"capture_group_key,omitempty" jsonschema_description:"The first digits that choose this entry, for dynamic_cid."`
	CaptureGroupLength int      `json:"capture_group_length,omitempty" jsonschema_description:"How many digits those are; 2 if not given."`
	DisplayName        string   `json:"displayname,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"The name to show."`
	FirstName          string   `json:"firstname,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"The first name."`
	LastName           string   `json:"lastname,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"The last name."`
	Type               string   `json:"type,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"A word of your own."`
	Profile            *Profile `json:"profile,omitempty" jsonschema_description:"The card of whose number it is."`
	// What Kazoo's code reads besides its schema.
	Name    string `json:"name,omitempty" jsonschema_description:"The name to show where there is no displayname."`
	Prefix  string `json:"prefix,omitempty" jsonschema_description:"How numbers begin."`
	Regexp  string `json:"regexp,omitempty" jsonschema_description:"The same as pattern."`
	CIDName string `json:"cid_name,omitempty" jsonschema_description:"The name to show where there is no other."`
}

// ByList is the index that entries are found by.
const ByList = "list_id"

// Lists are the lists of an account.
var Lists = define(resource.Def[List]{
	Name: "lists", Type: "list", Summary: "Lists of numbers and names.",
	Example: `{"name": "Customers", "description": "Whom we know by number"}`,
	List:    resource.Fields("name", "description", "list_type"),
})

// ListEntries are the entries of all lists of an account; see ByList.
var ListEntries = define(resource.Def[ListEntry]{
	Name: "entries", As: "list_entries", Type: "list_entry", Summary: "Entries of a list.",
	Example: `{"number": "+14155550100", "displayname": "Ada"}`,
	Whole:   true,
	Index:   []string{ByList, "number"},
	Check: func(_ context.Context, _ *resource.Draft, e ListEntry) error {
		_, faults := schema.Regexp(e.Pattern, "pattern")
		_, more := schema.Regexp(e.Regexp, "regexp")
		return append(faults, more...).Err()
	},
})
