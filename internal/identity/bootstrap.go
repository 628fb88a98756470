package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// BootstrapConfig says what the first account has. What is empty is made up
// when the account is made, and then stays; what is given is applied at every
// start.
type BootstrapConfig struct {
	Account string // its name
	Realm   string // the domain of its phones
	Admin   string // user:password
	APIKey  string // 16 to 128 characters; those made here have 64, as Kazoo's
	// SigningKey is the one key that its requests to web servers are signed
	// with: 16 to 128 characters; those made here have 32.
	SigningKey string
}

// Credentials are those of the first account.
type Credentials struct {
	AccountID, Account, Realm string
	APIKey                    string
	User                      string // the admin's name
	Password                  string // only at the start that made it up
	New                       bool   // the account was made by this start
}

// errAdmin is a configured admin that is none.
var errAdmin = errors.New("identity: the admin must be given as user:password")

// errAPIKey is a configured API key that is none.
var errAPIKey = errors.New("identity: the API key must have 16 to 128 characters and no dots or spaces")

// Bootstrap sees to it that there is a first account, above all others, with
// an admin and an API key. Call it before serving, on one node at a time.
func Bootstrap(ctx context.Context, docs store.Docs, cfg BootstrapConfig) (Credentials, error) {
	return New(Config{Docs: docs}).Bootstrap(ctx, cfg)
}

// Bootstrap is as the function of that name.
func (d *Directory) Bootstrap(ctx context.Context, cfg BootstrapConfig) (Credentials, error) {
	user, password, ok := strings.Cut(cfg.Admin, ":")
	if cfg.Admin != "" && (!ok || user == "" || password == "") {
		return Credentials{}, errAdmin
	}
	if n := len(cfg.APIKey); n > 0 && (n < 16 || n > 128 || strings.ContainsAny(cfg.APIKey, ". \t\r\n")) {
		return Credentials{}, errAPIKey
	}
	if err := checkSigningKey(cfg.SigningKey); err != nil {
		return Credentials{}, err
	}
	master, isNew, err := d.master(ctx, cfg)
	if err != nil {
		return Credentials{}, fmt.Errorf("identity: the first account: %w", err)
	}
	c := Credentials{
		AccountID: master.ID, Account: resource.Text(master.Public, "name"), New: isNew,
		Realm: resource.Text(master.Public, "realm"), APIKey: resource.Text(master.Private, "pvt_api_key"),
	}
	if c.User, c.Password, err = d.admin(ctx, master, resource.Lower(user), password); err != nil {
		return Credentials{}, fmt.Errorf("identity: the first admin: %w", err)
	}
	if err := d.bootstrapSigning(ctx, master, cfg.SigningKey); err != nil {
		return Credentials{}, fmt.Errorf("identity: signing keys: %w", err)
	}
	return c, nil
}

// master is the first account, made if it is not there, with what is
// configured.
func (d *Directory) master(ctx context.Context, cfg BootstrapConfig) (m resource.Doc, isNew bool, err error) {
	found, err := d.Accounts().FindBy(ctx, ByMaster, "true")
	if err != nil {
		return m, false, err
	}
	if len(found) > 0 {
		m = found[0]
	} else {
		isNew = true
		name := cfg.Account
		if name == "" {
			name = "main"
		}
		if m, err = d.Accounts().Create(withMaster(ctx), resource.Object{"name": name}); err != nil {
			return m, false, err
		}
	}
	patch := resource.Object{}
	for key, v := range map[string]string{"name": cfg.Account, "realm": resource.Lower(cfg.Realm)} {
		if v != "" && v != m.Public[key] {
			patch[key] = v
		}
	}
	if len(patch) > 0 {
		if m, err = d.Accounts().Patch(ctx, m.ID, patch, ""); err != nil {
			return m, false, err
		}
	}
	if cfg.APIKey != "" && cfg.APIKey != resource.Text(m.Private, "pvt_api_key") {
		if m, err = d.setAPIKey(ctx, m.ID, cfg.APIKey); err != nil {
			return m, false, err
		}
	}
	return m, isNew, nil
}

type masterKey struct{}

// withMaster is ctx in which the account that is made is above all others.
func withMaster(ctx context.Context) context.Context {
	return context.WithValue(ctx, masterKey{}, true)
}

// admin sees to the admin that is configured, or to one at all: the name, and
// the password if it was made up.
func (d *Directory) admin(ctx context.Context, master resource.Doc, name, password string) (string, string, error) {
	users, made := d.Users(master.ID), ""
	if name == "" {
		admins, err := users.FindBy(ctx, "priv_level", "admin")
		if err != nil {
			return "", "", err
		}
		if len(admins) > 0 {
			return resource.Text(admins[0].Public, "username"), "", nil
		}
		made = strings.ToLower(rand.Text()[:16])
		name, password = "admin", made
	}
	found, err := users.FindBy(ctx, "username", name)
	if err != nil {
		return "", "", err
	}
	if len(found) == 0 {
		_, err = users.Create(ctx, resource.Object{
			"first_name": "Account", "last_name": "Admin", "username": name, "password": password, "priv_level": "admin",
		})
		return name, made, readable(err)
	}
	return name, made, readable(d.keepAdmin(ctx, master, found[0], password))
}

// keepAdmin changes an admin to what is configured, if it is not so already:
// a change ends all sessions.
func (d *Directory) keepAdmin(ctx context.Context, master, admin resource.Doc, password string) error {
	digest, _ := Digests(resource.Text(admin.Public, "username"), password)
	_, err := d.ByDigest(ctx, []resource.Doc{master}, digest)
	patch := resource.Object{}
	switch {
	case errors.Is(err, store.ErrNotFound):
		patch["password"] = password
	case err != nil:
		return err
	}
	if admin.Public["priv_level"] != "admin" {
		patch["priv_level"] = "admin"
	}
	if !Enabled(admin) {
		patch["enabled"] = true
	}
	if len(patch) == 0 {
		return nil
	}
	_, err = d.Users(master.ID).Patch(ctx, admin.ID, patch, "")
	return err
}

// readable says what is wrong with a configured name or password.
func readable(err error) error {
	if faults, ok := errors.AsType[schema.Faults](err); ok {
		return fmt.Errorf("%w: %w", errAdmin, faults)
	}
	return err
}
