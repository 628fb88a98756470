package actions

import "strings"

// Later are Kazoo's modules that are not built: whoever uses one is told so,
// and not that there is no such thing (spec/callflow-modules.md section 12).
func Later() []string {
	return strings.Fields(`
		acdc_agent acdc_member acdc_queue acdc_wait_time call_forward call_waiting camping_feature conference
		conference_feature device do_not_disturb eavesdrop eavesdrop_feature edr faxbox group group_pickup
		group_pickup_feature hotdesk intercept intercept_feature intercom move offnet page_group park receive_fax
		resources ring_group ring_group_toggle transfer user voicemail`)
}
