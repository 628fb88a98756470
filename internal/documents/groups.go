package documents

import (
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Group is several phones under one name.
type Group struct {
	Name        string              `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Endpoints   map[string]Endpoint `json:"endpoints" jsonschema:"required,default={}" jsonschema_description:"Users, devices and other groups, by their ids."`
	MusicOnHold Music               `json:"music_on_hold,omitzero" jsonschema:"default={}" jsonschema_description:"What is heard on hold."`
	Flags       []string            `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// Endpoint is one of a Group.
type Endpoint struct {
	Type    string `json:"type,omitempty" jsonschema_description:"What the id is the id of: user, device or group."`
	Weight  int    `json:"weight,omitempty" jsonschema_description:"Its place among the others."`
	Delay   int    `json:"delay,omitempty" jsonschema_description:"How long until it rings, in seconds."`
	Timeout int    `json:"timeout,omitempty" jsonschema_description:"For how long it rings, in seconds."`
}

// ByEndpoint finds groups by the ids of their endpoints.
const ByEndpoint = "endpoint"

// Groups are the groups of an account.
var Groups = define(resource.Def[Group]{
	Name: "groups", Type: "group", Summary: "Groups: several phones under one name.",
	Example: `{"name": "Sales", "endpoints": {"0f3c3e1d8b2a4a6f9e7d5c4b3a291807": {"type": "user", "weight": 1}}}`,
	List: append(resource.Fields("name", "features"), flags, resource.Column{
		Name: "endpoints", Value: func(d resource.Doc) any { return len(keys(d.Public, "endpoints")) },
		Is: schema.Literal(`{"type": "integer", "description": "How many phones are in it."}`),
	}),
	Find: func(d resource.Doc) map[string][]string {
		return map[string][]string{ByEndpoint: keys(d.Public, "endpoints")}
	},
	Refers: func(d resource.Doc) []resource.Ref {
		out := refs(MediaType, d.Public, "music_on_hold.media_id")
		for _, id := range keys(d.Public, "endpoints") {
			endpoints, _ := d.Public["endpoints"].(resource.Object)
			one, _ := endpoints[id].(resource.Object)
			out = append(out, resource.Ref{Type: resource.Text(one, "type"), ID: id})
		}
		return out
	},
})
