package api

import (
	"cmp"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// lampsOfOperations set the lamps of a user and of a device, as Kazoo's
// clients do.
func (s *Server) lampsOfOperations(change *schema.Schema) []rest.Operation {
	reset := `{"action": "reset"}`
	return []rest.Operation{
		{
			Method: http.MethodPost, Path: "accounts/{account_id}/users/{user_id}/presence", Body: change,
			Returns: schema.Of(lamp{}), Many: true, Do: s.setUserLamps,
			Summary: "Set the lamp of a user by hand, or reset it; without a presence_id, those of the user's devices",
			Example: rest.Example{Data: reset, Vars: map[string]string{"user_id": "grace"}},
		},
		{
			Method: http.MethodPost, Path: "accounts/{account_id}/devices/{id}/presence", Body: change,
			Returns: schema.Of(lamp{}), Do: s.setDeviceLamp,
			Summary: "Set the lamp of a device by hand, or reset it: that of its presence_id, else of its SIP username",
			Example: rest.Example{Data: reset},
		},
	}
}

// lampIDOf is the presence id of a device, "" if it has none.
func lampIDOf(device resource.Doc) string {
	return cmp.Or(resource.Text(device.Public, "presence_id"), resource.Text(device.Public, "sip.username"))
}

func (s *Server) setDeviceLamp(r *rest.Request) (rest.Reply, error) {
	d, err := s.in(documents.Devices.Resource, r.Account.ID).Get(r.Context(), r.Var("id"))
	if err != nil {
		return rest.Reply{}, err
	}
	id := lampIDOf(d)
	if id == "" {
		return rest.Reply{}, schema.Invalid("presence_id", "required",
			"The device has neither a presence_id nor a sip.username", nil)
	}
	state, err := wanted(r)
	if err != nil {
		return rest.Reply{}, err
	}
	status, err := s.light(r, id, state)
	return shownLamp(r, status, err)
}

func (s *Server) setUserLamps(r *rest.Request) (rest.Reply, error) {
	u, err := s.user(r)
	if err != nil {
		return rest.Reply{}, err
	}
	state, err := wanted(r)
	if err != nil {
		return rest.Reply{}, err
	}
	ids := []string{resource.Text(u.Public, "presence_id")}
	if ids[0] == "" {
		if ids, err = s.lampsOfDevices(r, u.ID); err != nil {
			return rest.Reply{}, err
		}
	}
	rows := make([]any, len(ids))
	for i, id := range ids {
		status, err := s.light(r, id, state)
		reply, err := shownLamp(r, status, err)
		if err != nil {
			return rest.Reply{}, err
		}
		rows[i] = reply.Data
	}
	return rest.Reply{Data: rows, List: &rest.ListInfo{Size: len(rows)}}, nil
}

// lampsOfDevices are the presence ids of a user's devices.
func (s *Server) lampsOfDevices(r *rest.Request, user string) (ids []string, err error) {
	all, err := s.in(documents.Devices.Resource, r.Account.ID).FindBy(r.Context(), "owner_id", user)
	for _, d := range all {
		if id := lampIDOf(d); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, err
}
