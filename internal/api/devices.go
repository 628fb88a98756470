package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// devicesResource is devices with what needs the other documents.
func devicesResource() resource.Resource {
	return documents.Devices.Checking(checkDevice).Preparing(prepareDevice)
}

func prepareDevice(ctx context.Context, d *resource.Draft) error {
	if mac, ok := d.Doc["mac_address"].(string); ok {
		if d.Doc["mac_address"] = normaliseMAC(mac); mac == "" {
			delete(d.Doc, "mac_address")
		}
	}
	realm, err := realmOf(ctx, d)
	if err != nil {
		return err
	}
	sip, _ := d.Doc["sip"].(resource.Object)
	if at, err := netip.ParseAddr(resource.Text(sip, "ip")); err == nil {
		sip["ip"] = at.Unmap().String() // one address has one name, by which it is found
	}
	own := resource.Lower(resource.Text(sip, "realm"))
	if own != "" && own == realm {
		delete(sip, "realm") // it goes with the account's
	} else if own != "" {
		realm = own
	}
	d.Private[documents.SIPRealm] = realm
	return nil
}

// realmOf is the domain of a draft's account.
func realmOf(ctx context.Context, d *resource.Draft) (string, error) {
	found, err := d.Docs.Get(ctx, store.Key{Type: "account", ID: d.Account})
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	o, err := resource.ParseObject(found.JSON)
	return resource.Lower(resource.Text(o, "realm")), err
}

// checkDevice holds a device's credentials to all others: two with the same
// name and realm, or the same address, could not be told apart.
func checkDevice(ctx context.Context, d *resource.Draft, v documents.Device) error {
	var faults schema.Faults
	if changed(d, v.DeviceType) {
		faults = append(faults, schema.Fault{
			Path: []string{"device_type"}, Rule: "invalid", Message: "The type of a device does not change",
			Extra: map[string]any{"value": v.DeviceType},
		})
	}
	if v.SIP.Username != "" {
		login := v.SIP.Username + "@" + resource.Text(d.Private, documents.SIPRealm)
		taken, err := elsewhere(ctx, d, documents.Devices.Type, documents.BySIPLogin, login)
		if err != nil {
			return err
		}
		if taken {
			faults = append(faults, documents.Taken("sip.username", "SIP credentials already in use", v.SIP.Username))
		}
	}
	if v.SIP.Method == "ip" {
		more, err := checkIP(ctx, d, v.SIP.IP)
		if err != nil {
			return err
		}
		faults = append(faults, more...)
	}
	return faults.Err()
}

// changed says whether somebody who may not changes a device's type.
func changed(d *resource.Draft, to string) bool {
	if d.Old == nil {
		return false
	}
	was := resource.Text(d.Old.Public, "device_type")
	return was != "" && was != to
}

func checkIP(ctx context.Context, d *resource.Draft, ip string) (schema.Faults, error) {
	path := []string{"sip", "ip"}
	if ip == "" {
		return schema.Faults{schema.Required(path...)}, nil
	}
	at, err := netip.ParseAddr(ip)
	if err != nil {
		return schema.Faults{{
			Path: path, Rule: "invalid", Message: "Not an IP address", Extra: map[string]any{"cause": ip},
		}}, nil
	}
	taken, err := elsewhere(ctx, d, documents.Devices.Type, "sip.ip", at.Unmap().String())
	if err != nil || !taken {
		return nil, err
	}
	return schema.Faults{documents.Taken("sip.ip", "SIP IP already in use", ip)}, nil
}

// unregistered is why nothing can be sent to a device.
const unregistered = "The device is not registered: none can register with this server yet"

func (s *Server) deviceOperations() []rest.Operation {
	const one = "accounts/{account_id}/devices/{id}"
	return []rest.Operation{
		{
			Method: http.MethodGet, Path: "accounts/{account_id}/devices/status", Group: "devices",
			Summary: "List the devices that are registered: none, as none can be yet",
			Do:      rest.EmptyList,
		},
		{
			Method: http.MethodGet, Path: one + "/channels", Group: "devices",
			Summary: "List the running calls of a device: none, as none can register yet",
			Do:      s.nothingIn(documents.Devices.Resource),
		},
		{
			Method: http.MethodPost, Path: one + "/sync", Group: "devices", Summary: "Have a device fetch its settings",
			Unbuilt: unregistered, Do: s.notRegistered,
		},
		{
			Method: http.MethodPut, Path: one, Group: "devices", Summary: "Send a device an event",
			Params:  []rest.Param{rest.Text("action", "notify.")},
			Example: rest.Example{Data: `{"action": "notify", "data": {"event": "check-sync"}}`},
			Unbuilt: unregistered, Do: s.notRegistered,
		},
	}
}

// notRegistered refuses what needs a device that this server can reach.
func (s *Server) notRegistered(r *rest.Request) (rest.Reply, error) {
	reply, err := s.unbuiltIn(documents.Devices.Resource)(r)
	_, there := errors.AsType[*rest.Error](err)
	if action := r.Param("action"); there && r.Method == http.MethodPut && action != "notify" {
		return rest.Reply{}, schema.Invalid("action", "enum", "Value not found in enumerated list of values",
			map[string]any{"target": []string{"notify"}, "value": action})
	}
	return reply, err
}
