package documents

import "github.com/pivotvoice/pivot/internal/resource"

// ByCallerID finds users and devices by a number of their caller_id: "+1415"
// in any of its types, "internal +1415" in one.
const ByCallerID = "caller_id"

// callerIDs are the values of ByCallerID.
func callerIDs(d resource.Doc) (all []string) {
	types, _ := d.Public["caller_id"].(resource.Object)
	for kind, one := range types {
		who, _ := one.(resource.Object)
		if number := resource.Text(who, "number"); number != "" {
			all = append(all, number, kind+" "+number)
		}
	}
	return all
}
