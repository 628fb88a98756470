package identity

import (
	"context"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// usersResource is users and what lets them in.
func usersResource(h hasher) resource.Resource {
	return documents.Users.Checking(func(ctx context.Context, d *resource.Draft, u documents.User) error {
		return setPassword(ctx, h, d, u)
	}).Preparing(lowerUsername)
}

func lowerUsername(_ context.Context, d *resource.Draft) error {
	if name, ok := d.Doc["username"].(string); ok {
		d.Doc["username"] = resource.Lower(name)
	}
	return nil
}

// setPassword puts a hash in the place of a password. What clients log in
// with is made of both name and password, so a new name needs the password
// again.
func setPassword(ctx context.Context, h hasher, d *resource.Draft, u documents.User) error {
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
		if by, _ := resource.ActorOf(ctx); by.User == d.ID { // what they had to do is done
			d.Doc["require_password_update"] = false
		}
		return hashPassword(ctx, h, d, u)
	}
	if resource.Text(d.Private, "pvt_signature_secret") == "" {
		d.Private["pvt_signature_secret"] = randomHex(32)
	}
	return nil
}

func hashPassword(ctx context.Context, h hasher, d *resource.Draft, u documents.User) error {
	md5Hex, sha1Hex := Digests(u.Username, u.Password)
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
