package documents

import (
	"context"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Faxbox is where faxes come in and go out.
type Faxbox struct {
	Name          string            `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	OwnerID       string            `json:"owner_id,omitempty" jsonschema_description:"The user whose it is."`
	Attempts      int               `json:"attempts" jsonschema:"default=0,minimum=0,maximum=4" jsonschema_description:"How often a fax was tried."`
	Retries       int               `json:"retries" jsonschema:"minimum=0,maximum=4" jsonschema_description:"How often a fax that failed is tried again."`
	CallerID      string            `json:"caller_id,omitempty" jsonschema_description:"The number that faxes are from."`
	CallerName    string            `json:"caller_name" jsonschema_description:"The name that faxes are from."`
	Address       string            `json:"custom_smtp_email_address,omitempty" jsonschema_description:"The address that makes faxes of mail; one faxbox's alone."`
	Senders       []string          `json:"smtp_permission_list" jsonschema:"default=[]" jsonschema_description:"Regular expressions of the addresses that may send to it."`
	Header        string            `json:"fax_header" jsonschema_description:"The line at the top of each page."`
	Identity      string            `json:"fax_identity,omitempty" jsonschema_description:"The number in that line."`
	Timezone      string            `json:"fax_timezone,omitempty" jsonschema_description:"Of the time in that line: Europe/Berlin."`
	Media         FaxMedia          `json:"media,omitzero" jsonschema:"default={}" jsonschema_description:"How faxes are sent."`
	Notifications *FaxNotifications `json:"notifications,omitempty" jsonschema_description:"Who hears of faxes."`
	Flags         []string          `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// FaxMedia is how faxes are sent.
type FaxMedia struct {
	Fax *bool `json:"fax_option,omitempty" jsonschema_description:"Whether by T.38."`
}

// FaxNotifications are who hears of faxes.
type FaxNotifications struct {
	Inbound  *FaxNotice `json:"inbound,omitempty" jsonschema_description:"Of those that came."`
	Outbound *FaxNotice `json:"outbound,omitempty" jsonschema_description:"Of those that were sent."`
}

// FaxNotice is how somebody hears of a fax.
type FaxNotice struct {
	Callback *FaxCallback `json:"callback,omitempty" jsonschema_description:"A web server."`
	Email    *FaxEmail    `json:"email,omitempty" jsonschema_description:"By mail."`
	SMS      *FaxSMS      `json:"sms,omitempty" jsonschema_description:"By text message."`
}

// FaxCallback is a web server that hears of faxes.
type FaxCallback struct {
	Method string `json:"method,omitempty" jsonschema:"enum=post,enum=put" jsonschema_description:"How it is told."`
	Type   string `json:"type,omitempty" jsonschema:"enum=json,enum=www-url-form-encoded" jsonschema_description:"In what form."`
	URL    string `json:"url,omitempty" jsonschema:"pattern=^https?://" jsonschema_description:"Where it is."`
}

// FaxEmail is who hears of faxes by mail.
type FaxEmail struct {
	To any `json:"send_to,omitempty" jsonschema:"oneof_type=array;string,format=email" jsonschema_description:"One address, or several."`
}

// FaxSMS is who hears of faxes by text message.
type FaxSMS struct {
	To any `json:"send_to,omitempty" jsonschema:"oneof_type=array;string" jsonschema_description:"One number, or several."`
}

// Faxboxes are the faxboxes of an account. That addresses are nobody else's
// is the API's to see.
var Faxboxes = define(resource.Def[Faxbox]{
	Name: "faxboxes", As: "faxbox", Type: "faxbox", Summary: "Faxboxes: where faxes come in and go out.",
	Default: Faxbox{Retries: 1, CallerName: "Kazoo Fax Printer", Header: "Kazoo Fax Printer"},
	Example: `{"name": "Office fax", "fax_identity": "+12025550144"}`,
	Whole:   true,
	Index:   []string{ownerID},
	Unique:  []resource.Unique{inUse(FaxAddress, faxAddressTaken)},
	Before: func(_ context.Context, d *resource.Draft) error {
		if address, ok := d.Doc[FaxAddress].(string); ok {
			d.Doc[FaxAddress] = strings.ToLower(address) // mail comes however it is written
		}
		return nil
	},
	Check: func(_ context.Context, _ *resource.Draft, f Faxbox) error {
		var faults schema.Faults
		for i, sender := range f.Senders {
			_, bad := schema.Regexp(sender, "smtp_permission_list", strconv.Itoa(i))
			faults = append(faults, bad...)
		}
		return faults.Err()
	},
	Refers: func(d resource.Doc) []resource.Ref { return refs(userType, d.Public, ownerID) },
})

// FaxAddress is the key of the address that only one faxbox of the server may
// have.
const FaxAddress = "custom_smtp_email_address"

const faxAddressTaken = "email address must be unique"
