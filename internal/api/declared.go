package api

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// declared are the resources of an account as they are declared, with what
// needs more than their own document.
func declared(users resource.Resource, urls documents.URLChecker) []resource.Resource {
	all := documents.All()
	for i, r := range all {
		switch r.Name {
		case "users":
			all[i] = withMetaflows(users, urls)
		case "devices":
			all[i] = withMetaflows(devicesResource(), urls).OneByOne()
		case "blacklists":
			all[i] = r.Preparing(normaliseNumbers)
		case "conferences":
			all[i] = documents.Conferences.Checking(uniqueNumbers).OneByOne()
		case "functions":
			all[i] = withURLs(r, urls, "url")
		case "faxboxes":
			all[i] = withURLs(r.Checking(uniqueFaxAddress), urls,
				"notifications.inbound.callback.url", "notifications.outbound.callback.url").OneByOne()
		case "webhooks":
			all[i] = withURLs(documents.Webhooks.Checking(checkHook), urls, "uri")
		}
	}
	return all
}

// documentOperations are what resources do beyond making, reading, changing
// and deleting documents.
func (s *Server) documentOperations() []rest.Operation {
	return slices.Concat(
		s.deviceOperations(), s.listOperations(), s.ofUserOperations(), s.metaflowOperations(), s.roomOperations(),
		s.webhookOperations(), s.rosterOperations(), s.searchOperations(), s.carrierOperations(),
	)
}

// kindOf is the resource of an account whose documents are of a type.
func (s *Server) kindOf(kind string) resource.Resource {
	i := slices.IndexFunc(s.resources, func(r resource.Resource) bool { return r.Type == kind })
	return s.resources[i]
}

// withMetaflows holds metaflows and recordings to what their schema cannot
// say.
func withMetaflows(r resource.Resource, urls documents.URLChecker) resource.Resource {
	paths := documents.RecordingURLs("call_recording")
	if r.Type == documents.AccountType {
		paths = slices.Concat(
			documents.RecordingURLs("call_recording.account"), documents.RecordingURLs("call_recording.endpoint"))
	}
	return withURLs(r, urls, paths...).Checking(metaflowsIn("metaflows", urls))
}

// metaflowsIn holds the metaflows under a document's key to what its schema
// cannot say.
func metaflowsIn(key string, urls documents.URLChecker) resource.Hook {
	return func(_ context.Context, d *resource.Draft) error {
		flows, _ := d.Doc[key].(resource.Object)
		return documents.CheckMetaflows(flows, urls).Under(key).Err()
	}
}

// withURLs holds URLs to what this server may ask.
func withURLs(r resource.Resource, urls documents.URLChecker, paths ...string) resource.Resource {
	return r.Checking(func(_ context.Context, d *resource.Draft) error {
		return documents.CheckURLs(d.Doc, urls, paths...).Err()
	})
}

func checkHook(_ context.Context, _ *resource.Draft, w documents.Webhook) error {
	return documents.HookFaults(w).Err()
}

// normaliseNumbers writes the numbers of a blacklist as calls have them.
func normaliseNumbers(_ context.Context, d *resource.Draft) error {
	numbers, ok := d.Doc["numbers"].(resource.Object)
	if !ok {
		return nil
	}
	normal := make(resource.Object, len(numbers))
	for n, v := range numbers {
		normal[route.Normalise(n)] = v
	}
	d.Doc["numbers"] = normal
	return nil
}

// uniqueNumbers keeps a number in one conference.
func uniqueNumbers(ctx context.Context, d *resource.Draft, _ documents.Conference) error {
	c := resource.Collection{Resource: documents.Conferences.Resource, Docs: d.Docs, Account: d.Account}
	for _, n := range documents.ConferenceNumbers(d.Doc) {
		found, err := c.FindBy(ctx, documents.ByNumber, n)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(found, func(other resource.Doc) bool { return other.ID != d.ID }) {
			return schema.Faults{documents.Taken("numbers", "Numbers already in use", n)}
		}
	}
	return nil
}

// uniqueFaxAddress keeps an address to one faxbox of all accounts.
func uniqueFaxAddress(ctx context.Context, d *resource.Draft) error {
	address := resource.Text(d.Doc, documents.FaxAddress)
	if address == "" {
		return nil
	}
	taken, err := elsewhere(ctx, d, documents.Faxboxes.Type, documents.FaxAddress, address)
	if err != nil || !taken {
		return err
	}
	return schema.Faults{documents.Taken(documents.FaxAddress, "email address must be unique", address)}
}

// elsewhere says whether a document of another id, in any account, has value
// in a field of the store's index. That is true for as long as the resource
// has its documents saved one by one.
func elsewhere(ctx context.Context, d *resource.Draft, kind, field, value string) (bool, error) {
	found, err := d.Docs.List(ctx, store.Query{
		AnyAccount: true, Type: kind, Where: map[string]string{field: value}, Limit: 2,
	})
	return slices.ContainsFunc(found, func(o store.Doc) bool { return o.ID != d.ID || o.Account != d.Account }), err
}

// macAddress is a hardware address, and what it is written with besides its
// digits.
var (
	macAddress = regexp.MustCompile(`^[0-9a-f]{12}$`)
	macMarks   = strings.NewReplacer(":", "", "-", "", ".", "", " ", "")
)

// normaliseMAC writes a hardware address as aa:bb:cc:dd:ee:ff; what is none
// stays.
func normaliseMAC(mac string) string {
	hex := macMarks.Replace(strings.ToLower(mac))
	if !macAddress.MatchString(hex) {
		return mac
	}
	pairs := make([]string, 6)
	for i := range pairs {
		pairs[i] = hex[2*i : 2*i+2]
	}
	return strings.Join(pairs, ":")
}
