package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Blacklist is numbers whose calls are not wanted.
type Blacklist struct {
	Name      string         `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Numbers   map[string]any `json:"numbers,omitempty" jsonschema:"default={}" jsonschema_description:"An object for each number, which may have a name."`
	Anonymous *bool          `json:"should_block_anonymous,omitempty" jsonschema_description:"Whether callers who show no number are not wanted either."`
	Flags     []string       `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// Blacklists are the blacklists of an account; those in the account's
// "blacklists" are in force.
var Blacklists = define(resource.Def[Blacklist]{
	Name: "blacklists", Type: "blacklist", Summary: "Blacklists: numbers whose calls are not wanted.",
	Example: `{"name": "Pests", "numbers": {"+12025550123": {"name": "Survey"}}}`,
	List:    append(resource.Fields("name"), flags),
})
