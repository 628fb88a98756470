package resource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/store"
)

// Doc is a stored document as the API sees it.
type Doc struct {
	Account, Type, ID string

	Revision string // as ETag and If-Match carry it, without quotes
	Created  time.Time
	Modified time.Time
	Deleted  bool
	Public   Object // what clients may see and change
	Private  Object // keys that begin with _ or pvt_

	rev  int64
	size int // of its JSON, in bytes
}

// read is a stored document as a Doc.
func read(d store.Doc) (Doc, error) {
	all, err := ParseObject(d.JSON)
	if err != nil {
		return Doc{}, fmt.Errorf("resource: stored %s %s: %w", d.Type, d.ID, err)
	}
	out := Doc{
		Account: d.Account, Type: d.Type, ID: d.ID, Revision: revision(d),
		Created: d.Created, Modified: d.Modified, Deleted: d.Deleted, rev: d.Rev,
		size: len(d.JSON),
	}
	out.Public, out.Private = split(all)
	return out, nil
}

// revision is unique even where a document was removed for good and another
// one took its id.
func revision(d store.Doc) string {
	is := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d", d.Account, d.Type, d.ID, d.Created.UnixMicro(), d.Rev)
	h := sha256.Sum256(is)
	return fmt.Sprintf("%d-%s", d.Rev, hex.EncodeToString(h[:16]))
}

// Show is the document as it is returned: the public keys and its id.
func (d Doc) Show() Object {
	out := cloneObject(d.Public)
	out["id"] = d.ID
	if d.Deleted {
		out["_read_only"] = Object{"deleted": true}
	}
	return out
}

// Full is the document as filters see it: the private keys too.
func (d Doc) Full() Object {
	out := make(Object, len(d.Public)+len(d.Private)+12)
	maps.Copy(out, d.Private)
	maps.Copy(out, d.Public)
	for _, key := range computedKeys {
		if v, ok := d.computed(key); ok {
			out[key] = v
		}
	}
	return out
}

// alphanumName is the key of the name as names are compared.
const alphanumName = "pvt_alphanum_name"

// computedKeys are those that filters see and that are not stored.
var computedKeys = []string{
	"id", "_id", "_rev", "pvt_vsn", "pvt_type", "pvt_created", "pvt_modified", "pvt_account_id", "pvt_account_db",
	alphanumName,
}

// computed is the value of one of them, if the document has it.
func (d Doc) computed(key string) (v any, there bool) {
	switch key {
	case "id", "_id":
		return d.ID, true
	case "_rev":
		return d.Revision, true
	case "pvt_vsn":
		return "1", true
	case "pvt_type":
		return d.Type, true
	case "pvt_created":
		return seconds(d.Created), true
	case "pvt_modified":
		return seconds(d.Modified), true
	case "pvt_account_id":
		return d.Account, d.Account != ""
	case "pvt_account_db":
		return database(d.Account), d.Account != ""
	case alphanumName:
		name, ok := d.Public["name"].(string)
		return Alphanumeric(name), ok
	default:
		return nil, false
	}
}

func seconds(t time.Time) json.Number {
	return json.Number(strconv.FormatInt(gregorian.Seconds(t), 10))
}

// database is the name that Kazoo's account databases have.
func database(account string) string {
	if len(account) < 5 {
		return account
	}
	return "account/" + account[:2] + "/" + account[2:4] + "/" + account[4:]
}

// Alphanumeric is name in lower case without all that is no letter a–z or
// digit: how names are compared.
func Alphanumeric(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// Actor is who changes a document, for its private keys.
type Actor struct {
	Account, User, Request string
}

type actorKey struct{}

// WithActor is ctx in which a works.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is who works in ctx, and whether that was said: where it was not,
// the server itself does.
func ActorOf(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// stamp notes the actor of ctx in a document's private keys.
func stamp(ctx context.Context, private Object) {
	a, ok := ActorOf(ctx)
	if !ok {
		return
	}
	private["pvt_request_id"], private["pvt_is_authenticated"] = a.Request, a.Account != ""
	for key, v := range map[string]string{"pvt_auth_account_id": a.Account, "pvt_auth_user_id": a.User} {
		delete(private, key)
		if v != "" {
			private[key] = v
		}
	}
}

// Lower is text in lower case and without the space around it: how names,
// realms and languages are kept that people write as they like.
func Lower(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
