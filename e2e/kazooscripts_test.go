package e2e

import "strings"

// scripts are what Kazoo's clients ask, in the order in which they do: written
// for this test, with the resources, keys and values of Kazoo.
var scripts = []struct {
	name string
	asks []scripted
}{
	{"log in", []scripted{
		{"PUT user_auth", `{"credentials":"{md5}","account_name":"Main"}`, 201, "account_id owner_id account_name=main apps language reseller_id is_reseller cluster_id capabilities ui_config ^auth_token ^request_id ^node ^timestamp ^version ^tokens", ""},
		{"PUT user_auth", `{"credentials":"{md5}","realm":"sip.main.example","method":"md5"}`, 201, "account_id", ""},
		{"PUT user_auth", `{"credentials":"0{md5}","account_name":"main"}`, 401, "message ^message=invalid_credentials ^error=401", ""},
		{"PUT api_auth", `{"api_key":"{key}"}`, 201, "account_id ^auth_token", ""},
		{"PUT api_auth", `{"api_key":"` + strings.Repeat("ab", 32) + `"}`, 404, "^error=404", ""},
		{"POST auth/tokeninfo", `{"token":"{token}"}`, 200, "account_id method", ""},
		{"GET about", "", 200, "version", ""},
		{"GET A/apps_store", "", 200, "^page_size=0", ""},
		{"GET A/limits", "", 200, "allow_prepay=true", ""},
		{"POST A/limits", `{"twoway_trunks":2}`, 400, "twoway_trunks", ""},
		{"GET whitelabel/ui.example.com", "", 404, "^message=not_found", ""},
		{"GET account", "", 200, "name=main realm=sip.main.example created enabled=true superduper_admin=true billing_mode wnm_allow_additions", ""},
	}},
	{"envelope", []scripted{
		{"PUT A/menus/", `{"name":"Slash","retries":"4","hunt":"false","timeout":"3000"}`, 201, "id retries=4 hunt=false timeout=3000 ^revision ^status=success", "menu"},
		{"POST A/menus/{menu}", `raw:{"verb":"PATCH","data":{"name":"Tunnelled"}}`, 200, "name=Tunnelled retries=4", ""},
		{"POST A/menus?verb=put", `{"name":"Second"}`, 201, "name=Second", "second"},
		{"POST A/menus/{menu}", `raw:{"data":{"name":"Beside"},"accept_charges":false,"ui_metadata":{}}`, 200, "name=Beside retries=3", ""},
		{"PATCH A/menus/{menu}", `{"my":{"own":"key"},"media":{"exit_media":false}}`, 200, "my", ""},
		{"GET A/menus?filter_my.own=key", "", 200, "id name=Beside ^page_size=1", ""},
		{"GET A/menus?has_value=my&filter_not_name=Second", "", 200, "name=Beside", ""},
		{"GET A/menus?missing_value=my", "", 200, "name=Second ^page_size=1", ""},
		{"GET A/menus?page_size=1", "", 200, "id ^next_start_key ^page_size=1", ""},
		{"GET A/menus?page_size=0", "", 404, "^message=faulty_request", ""},
		{"GET A/menus?accept=csv", "", 200, "", ""},
		{"GET A/menus?accept=pdf", "", 406, "", ""},
		{"PUT A/menus", "raw:{", 400, "json", ""},
		{"PUT A/menus", `raw:{"name":"no data"}`, 400, "data", ""},
		{"PUT A/menus", `{"name":"","retries":11}`, 400, "name retries", ""},
		{"POST A/menus/{second}?verb=delete", "", 200, "_read_only id={second}", ""},
		{"GET A/menus/{second}", "", 404, "cause ^message=bad_identifier", ""},
		{"PUT A/menus", `{"id":"{second}","name":"again"}`, 409, "^message=datastore_conflict", ""},
		{"PATCH A/menus", `{}`, 405, "^message=invalid_method", ""},
		{"GET A/planets", "", 404, "^message=not_found", ""},
		{"GET A/menus?is_chunked=true", "", 200, "id ^page_size=1 ^status=success", ""},
	}},
	{"a main number", []scripted{
		{"PUT A/temporal_rules", `{"name":"Office","cycle":"weekly","interval":"1","wdays":["monday","tuesday","wensday"],"time_window_start":"32400","time_window_stop":61200,"type":"main_weekdays"}`, 201, "id interval=1 time_window_start=32400 start_date", "rule"}, //nolint:misspell // Kazoo's own
		{"PUT A/temporal_rules_sets", `{"name":"Holidays","temporal_rules":["{rule}"]}`, 201, "id", "set"},
		{"PUT A/media", `{"streamable":true,"name":"Hello","media_source":"tts","description":"Spoken","tts":{"voice":"female/en-US","text":"Hello."}}`, 201, "id content_type=audio/wav", "greeting"},
		{"PUT A/menus", `{"name":"Main menu","record_pin":"1234","media":{"greeting":"{greeting}","exit_media":true,"invalid_media":true,"transfer_media":true},"retries":3,"max_extension_length":4,"type":"main"}`, 201, "id", "menu"},
		{"PUT A/callflows", `{"numbers":["MainOpenHours"],"type":"main","contact_list":{"exclude":false},"flow":{"module":"menu","data":{"id":"{menu}"},"children":{"1":{"module":"play","data":{"id":"{greeting}"},"children":{}},"timeout":{"module":"hangup","data":{},"children":{}}}}}`, 201, "id metadata type=main", "open"},
		{"PUT A/callflows", `{"name":"MainCallflow","numbers":["(415) 555-0100","2600"],"type":"main","flow":{"module":"temporal_route","data":{"timezone":"America/Los_Angeles","rules":["{rule}"],"rule_set":"{set}"},"children":{"{rule}":{"module":"callflow","data":{"id":"{open}"},"children":{}},"rule_set":{"module":"tts","data":{"text":"Closed."},"children":{}},"_":{"module":"response","data":{"code":"486","message":"Busy"},"children":{}}}}}`, 201, "id metadata", "main"},
		{"GET A/callflows?filter_type=main&filter_name=MainCallflow", "", 200, "id modules numbers name=MainCallflow", ""},
		{"GET A/callflows/{main}", "", 200, "flow metadata numbers patterns", ""},
		{"PUT A/callflows", `raw:{"auth_token":"theirs","revision":"3-abc","node":"n","status":"success","data":{"id":"` + thirtyTwo + `","_rev":"3-abc","pvt_type":"callflow","numbers":["2601"],"metadata":{"x":{"name":"X"}},"ui_metadata":{"ui":"monster-ui"},"flow":{"module":"menu","data":{"id":"{menu}"},"children":{}}}}`, 201, "id=" + thirtyTwo + " ui_metadata metadata", ""},
		{"POST A/callflows/{open}", `{"numbers":["2600"],"flow":{"module":"hangup","data":{}}}`, 400, "numbers", ""},
		{"GET A/search?t=callflow&q=name_and_number&v=main", "", 200, "id", ""},
		{"GET A/search/multi?t=callflow&by_name=main&by_number=260", "", 200, "name number", ""},
		{"GET search/multi?t=account&by_name=main&by_realm=main&by_id=main", "", 200, "name realm id", ""},
		{"DELETE A/menus/{menu}", "", 409, "used_by ^message=in_use", ""},
		{"DELETE A/menus/{menu}?force=true", "", 200, "_read_only", ""},
	}},
	{"feature codes", []scripted{
		{"PUT A/callflows", `{"patterns":["^\\*67([0-9]*)$"],"featurecode":{"name":"privacy[mode=full]","number":"67"},"flow":{"module":"privacy","data":{"mode":"full"},"children":{}}}`, 201, "id featurecode", ""},
		{"GET A/callflows?has_value=featurecode", "", 200, "featurecode patterns=^\\*67([0-9]*)$", ""},
		{"PUT A/callflows", `{"patterns":["^\\*2(|[0-9]{2,})$"],"flow":{"module":"dynamic_cid","data":{"action":"lists","id":"` + thirtyTwo + `","idx_name":"2"}}}`, 201, "id", ""},
		{"PUT A/callflows", `{"patterns":["^(?!911)[0-9]+$"],"flow":{"module":"hangup","data":{}}}`, 400, "patterns.0", ""},
		{"PUT A/callflows", `{"patterns":["^\\*3([0-9]*)$"],"featurecode":{"name":"park_and_retrieve","number":"3"},"flow":{"module":"park","data":{"action":"auto"},"children":{}}}`, 400, "flow.module", ""},
		{"PUT A/callflows", `{"numbers":["no_match"],"flow":{"module":"resources","data":{},"children":{}}}`, 400, "flow.module", ""},
		{"PUT A/callflows", `{"numbers":["no_match"],"flow":{"module":"play","data":{"id":"tone_stream://%(500,500,480,620);loops=4","answer":"true"},"children":{}}}`, 201, "id", ""},
		{"PUT A/callflows", `{"numbers":["2700"],"flow":{"module":"user","data":{"id":"` + thirtyTwo + `","skip_module":true},"children":{"_":{"module":"hangup","data":{}}}}}`, 201, "id", ""},
		{"PUT A/callflows", `{"numbers":["2701"],"flow":{"module":"nothing","data":{"skip_module":true}}}`, 400, "flow.module", ""},
		{"PUT A/callflows", `{"numbers":[],"flow":{"module":"hangup","data":{}}}`, 400, "numbers", ""},
		{"PUT A/callflows", `{"numbers":["9"],"flow":{}}`, 400, "flow.module", ""},
		{"PUT A/callflows", `{"numbers":["9"],"flow":{"module":"sleep","data":{"duration":"soon"}}}`, 400, "flow.data.duration", ""},
		{"PUT A/callflows", `{"numbers":["9"],"flow":{"module":"set_variable","data":{"variable":"mine","value":"1"}}}`, 400, "flow.data.variable", ""},
		{"PUT A/callflows", `{"numbers":["9"],"flow":{"module":"notification","data":{"recipients":[],"notification_media":["sms"]}}}`, 400, "flow.data.notification_media.0", ""},
		{"PUT A/callflows", `{"numbers":["9"],"flow":{"module":"webhook","data":{"uri":"http://app.example/","http_verb":"put"}}}`, 400, "flow.data.http_verb", ""},
	}},
	{"data of modules", modules},
	{"media", []scripted{
		{"PUT A/media", `{"streamable":true,"name":"File","description":"A file"}`, 201, "id language=en-us media_source=upload", "file"},
		{"POST A/media/{file}/raw", "raw:" + quietWAV, 200, "content_type=audio/wav content_length=364", ""},
		{"GET A/media/{file}/raw?accept=audio/wav", "", 200, "", ""},
		{"PUT A/media", `{"name":"Goodbye","prompt_id":"vm-goodbye","language":"fr-FR"}`, 201, "id=fr-fr/vm-goodbye", ""},
		{"GET A/media?filter_language=fr-FR", "", 200, "id is_prompt=true", ""},
		{"GET A/media/prompts", "", 200, "vm-goodbye=1", ""},
		{"GET A/media/languages", "", 200, "fr-fr=1", ""},
		{"PATCH A/media/{file}", `{"name":"x"}`, 405, "", ""},
		{"DELETE A/media/{file}", "", 200, "_read_only", ""},
	}},
	{"people and phones", []scripted{
		{"PUT A/directories", `{"name":"People","min_dtmf":"3"}`, 201, "id confirm_match=true sort_by=last_name", "directory"},
		{"PUT A/users", `{"first_name":"Grace","last_name":"H","username":"Grace","password":"secret34","directories":{"{directory}":"` + thirtyTwo + `"}}`, 201, "id username=grace priv_level=user", "user"},
		{"PUT A/users", `{"first_name":"G","last_name":"H","username":"grace","password":"secret34"}`, 400, "username", ""},
		{"GET A/directories/{directory}", "", 200, "users", ""},
		{"PUT A/devices", `{"name":"Desk","owner_id":"{user}","sip":{"username":"desk_1","password":"secret34"},"mac_address":"00-11-22-33-44-55"}`, 201, "id mac_address=00:11:22:33:44:55", "device"},
		{"GET A/devices?filter_owner_id={user}", "", 200, "id={device}", ""},
		{"GET A/users/{user}/devices", "", 200, "id={device} hotdesked=false", ""},
		{"GET A/devices/status", "", 200, "^page_size=0", ""},
		{"PUT A/groups", `raw:{"data":{"name":"All","endpoints":{"{user}":{"type":"user","weight":"1"}}},"verb":"PUT"}`, 201, "id endpoints", ""},
		{"GET A/groups", "", 200, "endpoints=1", ""},
		{"PUT A/vmboxes", `{"name":"Box","mailbox":"1001","pin":"1234","owner_id":"{user}"}`, 201, "id", "box"},
		{"GET A/vmboxes/{box}/messages", "", 200, "", ""},
		{"POST A/devices/{device}/presence", `{"reset":true}`, 200, "id=desk_1 state=terminated", ""},
		{"POST A/users/{user}/presence", `{"action":"set","state":"confirmed"}`, 200, "id=desk_1 state=confirmed", ""},
		{"GET A/presence", "", 200, "subscriptions", ""},
		{"POST A/presence/*3101", `{"reset":true}`, 200, "id=*3101", ""},
		{"POST A/devices/{device}/sync", `{}`, 501, "message ^message=not_implemented", ""},
		{"GET A/users/{user}/recordings", "", 200, "", ""},
		{"GET A/users/{user}/photo", "", 404, "^message=not_found", ""},
		{"PUT A/vmboxes/{box}/messages", `{}`, 501, "message", ""},
		{"GET A/channels", "", 200, "^page_size=0", ""},
		{"PUT A/channels/none", `raw:{"action":"metaflow","data":{"module":"hangup"}}`, 405, "", ""},
		{"GET A/cdrs/interaction", "", 200, "", ""},
	}},
	{"lists and numbers", []scripted{
		{"PUT A/lists", `{"name":"Friends"}`, 201, "id", "list"},
		{"PUT A/lists/{list}/entries", `{"number":"0123","displayname":"One"}`, 201, "id list_id={list}", "entry"},
		{"PATCH A/lists/{list}/entries/{entry}", `{"firstname":"O"}`, 200, "displayname=One firstname=O", ""},
		{"DELETE A/lists/{list}/entries", "", 200, "", ""},
		{"PUT A/blacklists", `{"name":"Spam","numbers":{"4155550199":{}}}`, 201, "id numbers", ""},
		{"PUT A/phone_numbers/%2B14155550123", "", 201, "id=+14155550123 state=in_service _read_only", ""},
		{"PUT A/phone_numbers/%2B14155550123", "", 409, "cause ^message=number_exists", ""},
		{"PUT A/phone_numbers/4155550124/activate", `{}`, 201, "id=+14155550124", ""},
		{"GET A/phone_numbers?filter_state=%5B%22in_service%22%2C%22port_in%22%5D", "", 200, "numbers cascade_quantity=0", ""},
		{"PUT A/phone_numbers/collection", `{"numbers":["+14155550125"]}`, 201, "success", ""},
		{"GET phone_numbers/classifiers/4158867900", "", 200, "name=did_us number=+14158867900 regex friendly_name", ""},
		{"GET A/phone_numbers?prefix=415&quantity=2", "", 200, "", ""},
		{"PUT A/phone_numbers/%2B14155550126/reserve", `{}`, 501, "message", ""},
		{"POST A/metaflows", `{"numbers":{"2":{"module":"tts","data":{"text":"2"}}},"binding_digit":"*","patterns":{"^1(\\d+)$":{"module":"callflow"}},"digit_timeout_ms":800}`, 200, "numbers patterns binding_digit=*", ""},
		{"PUT A/webhooks", `{"name":"Calls","uri":"https://app.example/new","http_verb":"post","hook":"channel_create","retries":"3"}`, 201, "id retries=3 format=form-data", ""},
		{"PUT A/webhooks", `{"name":"Docs","uri":"https://app.example/new","hook":"object"}`, 400, "custom_data.type custom_data.action", ""},
		{"PATCH A/descendants/webhooks", `{"re-enable":true}`, 200, "", ""},
		{"PUT A/functions", `{"name":"Hi","function_js":"return {};"}`, 400, "url", ""},
		{"PUT A/queues", `{"name":"Support"}`, 201, "id agent_ring_timeout=15 strategy=round_robin", "queue"},
		{"GET A/queues/{queue}/roster", "", 200, "", ""},
		{"GET A/queues/stats", "", 404, "", ""},
		{"PUT A/conferences", `{"name":"Room","conference_numbers":["2000"]}`, 201, "id", "room"},
		{"PUT A/conferences/{room}", `{"action":"lock"}`, 501, "message", ""},
		{"PUT A/temporal_rules", `{"name":"Ends","cycle":"daily","end_date":"63000000000"}`, 201, "end_date", ""},
		{"PUT A/vmboxes", `{"name":"Number","mailbox":1003}`, 400, "mailbox", ""},
		{"PUT A/resources", `{"name":"Carrier","gateways":[{"server":"sip.example","progress_timeout":"6"}],"weight_cost":"50"}`, 201, "id weight_cost=50 grace_period=5", ""},
	}},
	{"accounts and schemas", []scripted{
		{"PUT accounts", `{"name":"child account"}`, 201, "id realm is_reseller=false reseller_id", "child"},
		{"GET A/children", "", 200, "id={child} descendants_count=0", ""},
		{"PATCH accounts/{child}", `{"some_key":"some_value"}`, 200, "some_key=some_value", ""},
		{"PUT accounts/{child}/api_key", "", 201, "api_key", ""},
		{"GET accounts/{child}/tree", "", 200, "id name=main", ""},
		{"DELETE accounts/{child}", "", 200, "_read_only", ""},
		{"GET accounts/{child}", "", 404, "^message=bad_identifier", ""},
		{"GET schemas/callflows.tts", "", 200, "$schema properties required=text", ""},
		{"PUT schemas/menus/validation", `{"name":"x"}`, 201, "retries=3 hunt=true", ""},
		{"PUT schemas/menus/validation", `{}`, 400, "name", ""},
	}},
}

// thirtyTwo is an id of what there is not, which nothing minds.
const thirtyTwo = "0123456789abcdef0123456789abcdef"

// quietWAV is a sound of 20 ms: 8000 samples a second of 16 bits each.
var quietWAV = "RIFF\x64\x01\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00" +
	"data\x40\x01\x00\x00" + strings.Repeat("\x00", 320)

// modules are callflows of one node each, with the data that web clients and
// scripts give it: numbers as texts, keys that are not looked at.
var modules = func() (all []scripted) {
	for module, data := range map[string][]string{
		"after_bridge":      {`{"action":"transfer","data":"1001"}`, `{"action":"park","data":true}`},
		"answer":            {`{}`},
		"audio_macro":       {`{"macros":[{"macro":"prompt","id":"vm-enter_pass"},{"macro":"say","text":"12","type":"number"},{"macro":"tone","frequencies":["440"],"duration_on":"100","duration_off":100},{"macro":"tts","text":"Hi"}]}`},
		"branch_bnumber":    {`{"hunt":true,"hunt_allow":"^2"}`},
		"branch_variable":   {`{"variable":"x"}`, `{"variable":"timezone","scope":"account"}`},
		"callflow":          {`{}`, `{"id":"null"}`},
		"check_cid":         {`{"regex":"^\\+1","use_absolute_mode":false,"caller_id":{"external":{"name":"A","number":"1"}}}`},
		"cidlistmatch":      {`{"id":"` + thirtyTwo + `"}`},
		"collect_dtmf":      {`{"pin":"","use_account_caller_id":true,"terminator":"#","timeout":"5000","max_digits":"4"}`},
		"dead_air":          {`{}`},
		"directory":         {`{"id":"` + thirtyTwo + `"}`},
		"disa":              {`{"pin":"1234","retries":"3","max_digits":"15","preconnect_audio":"dialtone","use_account_caller_id":true}`},
		"dynamic_cid":       {`{}`, `{"action":"static","caller_id":{"name":"A","number":"+1"}}`},
		"fax_detect":        {`{"duration":"5"}`},
		"flush_dtmf":        {`{}`},
		"function":          {`{"id":"` + thirtyTwo + `"}`},
		"hangup":            {`{}`},
		"language":          {`{"language":"fr-FR"}`},
		"lookupcidname":     {`{"lists":["` + thirtyTwo + `"]}`},
		"manual_presence":   {`{"presence_id":"100","status":"busy"}`},
		"menu":              {`{"id":"` + thirtyTwo + `"}`},
		"missed_call_alert": {`{"name":"","recipients":[{"type":"email","id":["a@b.example"]},{"type":"user","id":"` + thirtyTwo + `"}]}`},
		"nomorobo":          {`{"username":"a","password":"b"}`},
		"noop":              {`{}`},
		"notification":      {`{"send_at":"callflow_exec","template_id":"mine","recipients":[{"type":"email","id":"a@b.example"}]}`},
		"pivot":             {`{"method":"get","req_timeout":"5","req_format":"twiml","voice_url":"http://app.example/voice"}`, `{"voice_url":"https://app.example/","method":"POST","req_body_format":"json","debug":true}`},
		"play":              {`{"id":"/system_media/vm-goodbye"}`, `{"id":"local_stream://moh"}`, `{"id":"http://app.example/a.mp3","loop_count":"2"}`},
		"prepend_cid":       {`{"action":"prepend","caller_id_name_prefix":"X","apply_to":"original"}`, `{"action":"reset"}`},
		"privacy":           {`{"mode":"yes","endpoint_strategy":"merge"}`},
		"record_call":       {`{"action":"start","format":"mp3","time_limit":"600","url":"https://app.example/","record_on_answer":true,"label":"x"}`, `{"action":"stop"}`},
		"record_caller":     {`{"format":"mp3","time_limit":60,"url":"https://app.example/"}`},
		"response":          {`{"code":"486","message":"","media":"null"}`},
		"route_to_cid":      {`{"cid_types":["internal"],"endpoint_types":[]}`},
		"send_dtmf":         {`{"digits":"1234","duration_ms":"2000"}`},
		"set":               {`{"any":"key"}`},
		"set_alert_info":    {`{"alert_info":"ring-2"}`},
		"set_cid":           {`{"caller_id_name":"A","caller_id_number":"1"}`},
		"set_variable":      {`{"variable":"call_priority","value":"5","channel":"a"}`},
		"set_variables":     {`{"custom_application_vars":{"a":"b"},"export":true}`},
		"sleep":             {`{"duration":"5","unit":"s"}`},
		"temporal_route":    {`{"timezone":"Europe/Berlin"}`, `{"action":"enable","rules":["` + thirtyTwo + `"]}`},
		"tts":               {`{"text":"hello","language":"en-US","voice":"female","engine":"flite"}`},
		"wait_for_hangup":   {`{}`},
		"webhook":           {`{"uri":"http://app.example/","http_verb":"get","retries":"2","custom_data":{"a":"b"}}`},
	} {
		for i, d := range data {
			all = append(all, scripted{
				"PUT A/callflows", `{"numbers":["` + module + "-" + string(rune('a'+i)) + `"],"flow":{"module":"` + module +
					`","data":` + d + `,"children":{}}}`, 201, "id flow", "",
			})
		}
	}
	for module := range strings.FieldsSeq(`acdc_agent acdc_member acdc_queue acdc_wait_time call_forward call_waiting
		camping_feature conference conference_feature device do_not_disturb eavesdrop eavesdrop_feature edr faxbox group
		group_pickup group_pickup_feature hotdesk intercept intercept_feature intercom move offnet page_group park
		receive_fax resources ring_group ring_group_toggle transfer user voicemail`) {
		all = append(all, scripted{
			"PUT A/callflows", `{"numbers":["none"],"flow":{"module":"` + module + `","data":{}}}`, 400, "flow.module", "",
		})
	}
	return all
}()
