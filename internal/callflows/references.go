package callflows

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// meantByID are the types of the documents that modules mean by "id". Of a
// module that is not here it may be any.
var meantByID = map[string]string{
	"acdc_member": "queue", "acdc_queue": "queue", "acdc_wait_time": "queue", "callflow": "callflow",
	"cidlistmatch": "list", "conference": "conference", "conference_feature": "conference", "device": "device",
	"directory": "directory", "dynamic_cid": "list", "faxbox": "faxbox", "group": "group",
	"hotdesk": "user", "menu": "menu", "play": "media", "user": "user", "voicemail": "vmbox",
}

// meantByKey are the types of the documents that other keys mean, each under
// its module or any.
var meantByKey = map[string]string{
	"callflow_id": "callflow", "conference_id": "conference", "device_id": "device", "faxbox_id": "faxbox",
	"group_id": "group", "list_id": "list", "media_id": "media", "owner_id": "user", "queue_id": "queue",
	"user_id": "user", "approved_device_id": "device", "approved_group_id": "group", "approved_user_id": "user",
	"lookupcidname.lists": "list", "response.media": "media", "temporal_route.rule_set": "temporal_rule_set",
	"temporal_route.rules": "temporal_rule", "group.endpoints": "",
}

// flowRefs are the documents that a flow means: by "id", by keys with "_id"
// and by some others in its nodes' data, and by the names of children.
func flowRefs(program any) []resource.Ref {
	seen := map[resource.Ref]bool{}
	walk(program, func(node resource.Object) {
		module := resource.Text(node, "module")
		data, _ := node["data"].(resource.Object)
		for _, ref := range dataRefs(module, data) {
			seen[ref] = true
		}
		children, _ := node["children"].(resource.Object)
		for name := range children {
			switch {
			case len(name) < 2 || name == flow.Else:
			case module == "temporal_route":
				seen[resource.Ref{Type: "temporal_rule", ID: name}] = true
			default:
				seen[resource.Ref{ID: name}] = true
			}
		}
	})
	return slices.SortedFunc(maps.Keys(seen), func(a, b resource.Ref) int {
		return strings.Compare(a.ID+" "+a.Type, b.ID+" "+b.Type)
	})
}

// dataRefs are the documents that the data of a node, or a part of it, means.
func dataRefs(module string, data resource.Object) []resource.Ref {
	var out []resource.Ref
	for key, v := range data {
		if parts, ok := v.([]any); ok {
			for _, part := range parts {
				if o, ok := part.(resource.Object); ok {
					out = append(out, dataRefs(module, o)...)
				}
			}
		}
		if o, ok := v.(resource.Object); ok {
			out = append(out, dataRefs(module, o)...)
		}
		kind, means := meaning(module, key, data)
		if !means {
			continue
		}
		for _, id := range resource.Strings(data, key) {
			out = append(out, resource.Ref{Type: kind, ID: id})
		}
	}
	return out
}

// meaning is the type of what a key of a node's data means, and whether it
// means a document at all.
func meaning(module, key string, data resource.Object) (kind string, means bool) {
	if kind, known := meantByKey[module+"."+key]; known {
		return kind, true
	}
	if kind, known := meantByKey[key]; known {
		return kind, true
	}
	if key != "id" {
		return "", strings.Contains(key, "_id")
	}
	for _, says := range []string{"endpoint_type", "type", "macro"} { // of an endpoint, a recipient, a macro
		switch kind := resource.Text(data, says); kind {
		case "user", "device", "group":
			return kind, true
		case "email", "prompt", "say", "tts", "tone":
			return "", false
		case "play":
			return "media", true
		}
	}
	return meantByID[module], true
}

// callflowRefs are the documents that a callflow means.
func callflowRefs(d resource.Doc) []resource.Ref {
	refs := flowRefs(d.Public["flow"])
	for key, kind := range map[string]string{"owner_id": "user", "group_id": "group"} {
		refs = append(refs, resource.Ref{Type: kind, ID: resource.Text(d.Public, key)})
	}
	return append(refs, documents.MetaflowRefs(d.Public, "metaflow")...)
}

// maxReferences is how many ids of a flow are looked up.
const maxReferences = 500

// showMetadata adds what is known of the documents that a flow means.
func showMetadata(ctx context.Context, docs store.Docs, d resource.Doc, out resource.Object) error {
	metadata := resource.Object{}
	refs := flowRefs(d.Public["flow"])
	for _, ref := range refs[:min(len(refs), maxReferences)] {
		kinds := referable
		if ref.Type != "" {
			kinds = []string{ref.Type}
		}
		for _, kind := range kinds {
			k := store.Key{Account: d.Account, Type: kind, ID: ref.ID}
			if metadata[ref.ID] != nil || k.Check() != nil {
				continue
			}
			found, err := docs.Get(ctx, k)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if metadata[ref.ID], err = metadatum(found); err != nil {
				return err
			}
		}
	}
	out["metadata"] = metadata
	return nil
}

// referable are the types of documents that a callflow may mean.
var referable = []string{
	"callflow", "user", "device", "media", "menu", "vmbox", "conference", "group", "directory", "temporal_rule",
	"temporal_rule_set", "list", "queue", "faxbox", "blacklist", "resource",
}

// metadatum is what is told of a document.
func metadatum(d store.Doc) (resource.Object, error) {
	doc, err := resource.ParseObject(d.JSON)
	if err != nil {
		return nil, err
	}
	row := resource.Object{"pvt_type": d.Type}
	if v, ok := doc["numbers"]; ok {
		row["numbers"] = v
	}
	if name := NameOf(d.Type, doc); name != "" {
		row["name"] = name
	}
	return row, nil
}

// NameOf is what people call a document.
func NameOf(kind string, doc resource.Object) string {
	if kind == "user" {
		return strings.TrimSpace(resource.Text(doc, "first_name") + " " + resource.Text(doc, "last_name"))
	}
	return resource.Text(doc, "name")
}
