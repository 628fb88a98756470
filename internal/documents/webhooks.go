package documents

import (
	"slices"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Webhook is a web server that hears of what happens.
type Webhook struct {
	Name          string            `json:"name" jsonschema:"required" jsonschema_description:"What people call it."`
	Hook          string            `json:"hook" jsonschema:"required" jsonschema_description:"What it hears of: one of GET /v2/webhooks."`
	URI           string            `json:"uri" jsonschema:"required,format=uri" jsonschema_description:"Where it is."`
	Verb          string            `json:"http_verb" jsonschema:"enum=get,enum=post,enum=put" jsonschema_description:"How it is told."`
	Format        string            `json:"format" jsonschema:"enum=form-data,enum=json" jsonschema_description:"In what form."`
	Retries       int               `json:"retries" jsonschema:"minimum=0,maximum=4" jsonschema_description:"How often it is told again when it cannot be reached."`
	Enabled       bool              `json:"enabled" jsonschema_description:"Whether it is told at all."`
	InternalLegs  bool              `json:"include_internal_legs" jsonschema_description:"Whether it hears of calls inside the server."`
	Subaccounts   *bool             `json:"include_subaccounts,omitempty" jsonschema_description:"Whether it hears of the accounts below."`
	CustomData    map[string]string `json:"custom_data,omitempty" jsonschema_description:"What it is told besides; for object and notifications, type and action say of what it hears."`
	Group         string            `json:"group,omitempty" jsonschema_description:"A word of your own."`
	DisableReason string            `json:"disable_reason,omitempty" jsonschema_description:"Why it was disabled."`
}

// Hook is one kind of thing that webhooks hear of.
type Hook struct {
	ID, Name, Description string
	Types, Actions        []string // what custom_data must have; nil where it need not
}

// Hooks are what webhooks can hear of (spec/crossbar-api.md section 5.1).
func Hooks() []Hook {
	types := []string{
		"all", "account", "callflow", "device", "faxbox", "media", "user", "vmbox",
		"fax", "mailbox_message", "call_recording",
	}
	return []Hook{
		{ID: "all", Name: "All", Description: "Everything that happens to calls"},
		{ID: "channel_answer", Name: "Channel Answer", Description: "A call is answered"},
		{ID: "channel_bridge", Name: "Channel Bridge", Description: "Two calls are connected"},
		{ID: "channel_create", Name: "Channel Create", Description: "A call begins"},
		{ID: "channel_destroy", Name: "Channel Destroy", Description: "A call is over"},
		{ID: "mms", Name: "MMS", Description: "A message with pictures comes or goes"},
		{
			ID: "notifications", Name: "Notifications", Description: "Somebody is notified",
			Types: []string{}, Actions: nil,
		},
		{
			ID: "object", Name: "Object", Description: "A document is made, changed or deleted",
			Types: types, Actions: []string{"all", "doc_created", "doc_edited", "doc_deleted"},
		},
		{ID: "parking", Name: "Parking", Description: "A call is parked or taken up again"},
		{ID: "sms", Name: "SMS", Description: "A text message comes or goes"},
	}
}

// Webhooks are the webhooks of an account.
var Webhooks = define(resource.Def[Webhook]{
	Name: "webhooks", Type: "webhook", Summary: "Webhooks: web servers that hear of what happens.",
	Default: Webhook{Verb: "post", Format: "form-data", Retries: 2, Enabled: true, InternalLegs: true},
	Example: `{"name": "New calls", "hook": "channel_create", "uri": "https://app.example/calls"}`,
	List:    resource.Fields("hook", "name", "uri", "group", "enabled", "disable_reason"),
	Index:   []string{"hook", "enabled"},
})

// HookFaults are what a webhook's custom_data must have and has not.
func HookFaults(w Webhook) schema.Faults {
	all := Hooks()
	i := slices.IndexFunc(all, func(h Hook) bool { return h.ID == w.Hook })
	if i < 0 {
		return nil
	}
	var faults schema.Faults
	for key, allowed := range map[string][]string{"action": all[i].Actions, "type": all[i].Types} {
		switch value, there := w.CustomData[key]; {
		case allowed == nil:
		case !there:
			faults = append(faults, schema.Required("custom_data", key))
		case len(allowed) > 0 && !slices.Contains(allowed, value):
			faults = append(faults, schema.Fault{
				Path: []string{"custom_data", key}, Rule: "enum", Message: "Value not found in enumerated list of values",
				Extra: map[string]any{"target": allowed, "value": value},
			})
		}
	}
	return faults
}
