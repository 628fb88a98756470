package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Directory lets callers find people by spelling their names on the keypad.
// Its members are the users that name it in their "directories".
type Directory struct {
	Name         string   `json:"name" jsonschema:"required,minLength=1" jsonschema_description:"What people call it."`
	ConfirmMatch bool     `json:"confirm_match" jsonschema_description:"Whether the caller confirms the one person that was found."`
	MinDTMF      int      `json:"min_dtmf" jsonschema:"minimum=1" jsonschema_description:"How many keys a caller presses at least."`
	MaxDTMF      int      `json:"max_dtmf" jsonschema:"minimum=0,default=0" jsonschema_description:"How many keys are enough; 0 is any number."`
	SearchFields string   `json:"search_fields,omitempty" jsonschema:"enum=first_name,enum=last_name,enum=both" jsonschema_description:"Which names are looked in; both if not given."`
	SortBy       string   `json:"sort_by" jsonschema:"enum=first_name,enum=last_name" jsonschema_description:"In which order several people are offered."`
	Users        []string `json:"users" jsonschema:"default=[]" jsonschema_description:"Not used, and answers say in its place who is in: users name their directories."`
	Flags        []string `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// Directories are the directories of an account.
var Directories = define(resource.Def[Directory]{
	Name: "directories", Type: directoryType, Summary: "Directories: people that callers find by name.",
	Default: Directory{ConfirmMatch: true, MinDTMF: 3, SortBy: "last_name"},
	Example: `{"name": "Staff", "confirm_match": true, "min_dtmf": 3, "sort_by": "last_name"}`,
	List:    append(resource.Fields("name"), flags),
	// Answers say who is in it, and what they say comes back.
	ReadOnly: []string{"users"}, Show: showDirectory,
})
