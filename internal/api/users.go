package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// By what users are found when somebody logs in.
const (
	indexMD5  = "md5_auth"
	indexSHA1 = "sha1_auth"
)

// user is what is held to a schema of a user.
type user struct {
	FirstName      string              `json:"first_name" jsonschema:"required,minLength=1,maxLength=128"`
	LastName       string              `json:"last_name" jsonschema:"required,minLength=1,maxLength=128"`
	Username       string              `json:"username,omitempty" jsonschema:"minLength=1,maxLength=256,pattern=^([+@.\\w_-]+)$" jsonschema_description:"To log in with; in lower case."`
	Password       string              `json:"password,omitempty" jsonschema_description:"To log in with; never returned."`
	Email          string              `json:"email,omitempty" jsonschema:"minLength=3,maxLength=254,format=email"`
	Enabled        bool                `json:"enabled" jsonschema_description:"Whether the user may log in."`
	PrivLevel      string              `json:"priv_level,omitempty" jsonschema:"enum=user,enum=admin" jsonschema_description:"An admin may do what the account may; a user sees and changes their own."`
	Language       string              `json:"language,omitempty"`
	Timezone       string              `json:"timezone,omitempty"`
	PresenceID     string              `json:"presence_id,omitempty"`
	FeatureLevel   string              `json:"feature_level,omitempty"`
	Verified       bool                `json:"verified" jsonschema:"default=false"`
	UpdatePassword bool                `json:"require_password_update" jsonschema:"default=false"`
	ToEmail        bool                `json:"vm_to_email_enabled"`
	Flags          []string            `json:"flags,omitempty"`
	CallForward    callForward         `json:"call_forward,omitzero"`
	CallerID       map[string]party    `json:"caller_id,omitempty"`
	CallerIDOption callerIDOptions     `json:"caller_id_options,omitzero"`
	Restriction    map[string]restrict `json:"call_restriction,omitempty" jsonschema:"default={}"`
	Waiting        onOff               `json:"call_waiting,omitzero"`
	ContactList    contactList         `json:"contact_list,omitzero" jsonschema:"default={}"`
	DoNotDisturb   onOff               `json:"do_not_disturb,omitzero"`
	Hotdesk        hotdesk             `json:"hotdesk,omitzero" jsonschema:"default={}"`
	MusicOnHold    userMusic           `json:"music_on_hold,omitzero" jsonschema:"default={}"`
	Ringtones      ringtones           `json:"ringtones,omitzero" jsonschema:"default={}"`
	Directories    map[string]string   `json:"directories,omitempty"`
}

type (
	callForward struct {
		Enabled          bool   `json:"enabled" jsonschema:"default=false"`
		Number           string `json:"number,omitempty" jsonschema:"maxLength=35"`
		DirectCallsOnly  bool   `json:"direct_calls_only" jsonschema:"default=false"`
		Failover         bool   `json:"failover" jsonschema:"default=false"`
		IgnoreEarlyMedia bool   `json:"ignore_early_media"`
		KeepCallerID     bool   `json:"keep_caller_id"`
		RequireKeypress  bool   `json:"require_keypress"`
		Substitute       bool   `json:"substitute"`
	}
	contactList struct {
		Exclude bool `json:"exclude,omitempty"`
	}
	hotdesk struct {
		Enabled    bool   `json:"enabled" jsonschema:"default=false"`
		ID         string `json:"id,omitempty" jsonschema:"maxLength=15"`
		KeepLogged bool   `json:"keep_logged_in_elsewhere" jsonschema:"default=false"`
		PIN        string `json:"pin,omitempty" jsonschema:"minLength=4,maxLength=15"`
		RequirePIN bool   `json:"require_pin" jsonschema:"default=false"`
	}
	userMusic struct {
		MediaID string `json:"media_id,omitempty" jsonschema:"maxLength=128"`
	}
)

func usersResource(h hasher) resource.Resource {
	return resource.Define(resource.Def[user]{
		Name: "users", Type: "user", Summary: "Users: people who log in, and whom calls are for.",
		Default: user{
			Enabled: true, PrivLevel: "user", ToEmail: true,
			CallForward: callForward{IgnoreEarlyMedia: true, KeepCallerID: true, RequireKeypress: true, Substitute: true},
		},
		Example: `{"first_name":"Ada","last_name":"Lovelace","username":"ada",
			"password":"correct horse","priv_level":"admin"}`,
		List: append(
			resource.Fields("username", "email", "first_name", "last_name", "priv_level", "feature_level", "presence_id",
				"timezone", "call_recording", "service"),
			resource.FieldOr("flags", []any{}), resource.Column{Name: "features", Value: userFeatures},
		),
		Order: func(d resource.Doc) string {
			return lower(resource.Text(d.Public, "last_name") + " " + resource.Text(d.Public, "first_name"))
		},
		Index: []string{"priv_level"},
		Unique: []resource.Unique{
			inUse("username", "Username must be unique"), inUse("hotdesk.id", "Hotdesk ID already in use"),
		},
		Find: func(d resource.Doc) map[string][]string {
			return map[string][]string{
				indexMD5:  resource.Strings(d.Private, "pvt_md5_auth"),
				indexSHA1: resource.Strings(d.Private, "pvt_sha1_auth"),
			}
		},
		Before: lowerUsername,
		Check: func(ctx context.Context, d *resource.Draft, u user) error {
			return setPassword(ctx, h, d, u)
		},
	})
}

func lowerUsername(_ context.Context, d *resource.Draft) error {
	if name, ok := d.Doc["username"].(string); ok {
		d.Doc["username"] = lower(name)
	}
	return nil
}

// setPassword puts a hash in the place of a password. What clients log in
// with is made of both name and password, so a new name needs the password
// again.
func setPassword(ctx context.Context, h hasher, d *resource.Draft, u user) error {
	delete(d.Doc, "password")
	had := ""
	if d.Old != nil {
		had = resource.Text(d.Old.Public, "username")
	}
	switch {
	case u.Password == "" && u.Username != "" && u.Username != had:
		return schema.Faults{{
			Path: []string{"password"}, Rule: "required", Message: "A new username needs its password",
		}}
	case u.Password == "" && u.Username == "": // nobody can log in as this user
		delete(d.Private, "pvt_md5_auth")
		delete(d.Private, "pvt_sha1_auth")
	case u.Password != "":
		if u.Username == "" {
			u.Username = "user_" + randomHex(4)
			d.Doc["username"] = u.Username
		}
		return hashPassword(ctx, h, d, u)
	}
	if resource.Text(d.Private, "pvt_signature_secret") == "" {
		d.Private["pvt_signature_secret"] = randomHex(32)
	}
	return nil
}

func hashPassword(ctx context.Context, h hasher, d *resource.Draft, u user) error {
	md5Hex, sha1Hex := digests(u.Username, u.Password)
	for key, digest := range map[string]string{"pvt_md5_auth": md5Hex, "pvt_sha1_auth": sha1Hex} {
		hash, err := h.hash(ctx, d.Account, digest)
		if err != nil {
			return err
		}
		d.Private[key] = hash
	}
	d.Private["pvt_signature_secret"] = randomHex(32)
	return nil
}

// userFeatures are the words that clients show beside a user.
func userFeatures(d resource.Doc) any {
	features := []any{}
	for _, f := range []struct{ word, path string }{
		{"hotdesk", "hotdesk.enabled"},
		{"call_forward", "call_forward.enabled"},
		{"call_forward_failover", "call_forward.failover"},
		{"vm_to_email", "vm_to_email_enabled"},
		{"do_not_disturb", "do_not_disturb.enabled"},
	} {
		if v, _ := resource.At(d.Public, f.path); v == true {
			features = append(features, f.word)
		}
	}
	for _, f := range []struct{ word, path string }{
		{"caller_id", "caller_id.external.number"}, {"music_on_hold", "music_on_hold.media_id"},
	} {
		if resource.Text(d.Public, f.path) != "" {
			features = append(features, f.word)
		}
	}
	if smart, ok := d.Public["smartpbx"].(resource.Object); ok {
		for name := range smart {
			if v, _ := resource.At(smart, name+".enabled"); v == true && !strings.Contains(fmt.Sprint(features), name) {
				features = append(features, name)
			}
		}
	}
	return features
}
