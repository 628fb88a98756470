package actions_test

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestRefused is data that no call is to meet.
func TestRefused(t *testing.T) {
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for prog, want := range map[string]string{
		`{"module":"tts"}`:                                                                                              "data.text: Field is required but missing",
		`{"module":"tts","data":{"text":""}}`:                                                                           "data.text: String must be at least 1 characters",
		`{"module":"play","data":{"loop_count":0}}`:                                                                     "data.loop_count: Value must be at least 1",
		`{"module":"play","data":{"skip_module":"maybe"}}`:                                                              "data.skip_module: Value did not match type(s): boolean",
		`{"module":"sleep","data":{"unit":"y"}}`:                                                                        "data.unit: Value not found in enumerated list of values",
		`{"module":"language","data":{"language":"english"}}`:                                                           "data.language: Failed to match pattern",
		`{"module":"collect_dtmf","data":{"terminators":["x"]}}`:                                                        "data.terminators.0: Value not found in enumerated list of values",
		`{"module":"response","data":{"code":200}}`:                                                                     "data.code: Value must be at least 300",
		`{"module":"response","data":{"message":"a\r\nVia: b"}}`:                                                        "data.message: Failed to match pattern",
		`{"module":"send_dtmf","data":{"digits":"1x"}}`:                                                                 "data.digits: Failed to match pattern",
		`{"module":"set_variable","data":{"variable":"x","value":"y"}}`:                                                 "data.variable: Value not found in enumerated list of values",
		`{"module":"record_caller","data":{"url":"ftp://x/y"}}`:                                                         "data.url: invalid client URL",
		`{"module":"record_caller","data":{"time_limit":4}}`:                                                            "data.time_limit: Value must be at least 5",
		`{"module":"say","data":{"text":"` + strings.Repeat("ä", 4097) + `"}}`:                                          "data.text: String must not be more than 4096 characters",
		`{"module":"say","data":{"text":"x","loop":-1}}`:                                                                "data.loop: Value must be at least 0",
		`{"module":"gather","data":{"input":[]}}`:                                                                       "data.input: ",
		`{"module":"gather","data":{"input":["voice"]}}`:                                                                "data.input.0: Value not found in enumerated list of values",
		`{"module":"gather","data":{"finish_on_key":"##"}}`:                                                             "data.finish_on_key: Failed to match pattern",
		`{"module":"gather","data":{"timeout_ms":0}}`:                                                                   "data.timeout_ms: Value must be at least 1",
		`{"module":"gather","data":{"max_speech_ms":60001}}`:                                                            "data.max_speech_ms: Value must be at most 60000",
		`{"module":"gather","data":{"hints":["` + strings.Repeat("x", 101) + `"]}}`:                                     "data.hints.0: String must not be more than 100 characters",
		`{"module":"gather","data":{"partial_url":"ftp://x/y"}}`:                                                        "data.partial_url: invalid client URL",
		`{"module":"gather","data":{"prompts":[{"module":"pivot"}]}}`:                                                   "data.prompts.0.module: Value not found in enumerated list of values",
		`{"module":"gather","data":{"prompts":[{"module":"say","data":{}}]}}`:                                           "data.prompts.0.data.text: Field is required but missing",
		`{"module":"gather","data":{"prompts":[{"module":"sleep","data":{"unit":"y"}}]}}`:                               "data.prompts.0.data.unit: Value not found in enumerated list of values",
		`{"module":"gather","data":{"prompts":[{"module":"play","data":{"loop_count":0}}]}}`:                            "data.prompts.0.data.loop_count: Value must be at least 1",
		`{"module":"gather","data":{"prompts":[{"module":"play","children":{}}]}}`:                                      "data.prompts.0",
		`{"module":"gather","data":{"prompts":[` + strings.Repeat(`{"module":"sleep"},`, 100) + `{"module":"sleep"}]}}`: "data.prompts: there must not be more than 100 prompts",
		`{"module":"record","data":{"finish_on_key":"A"}}`:                                                              "data.finish_on_key: Failed to match pattern",
		`{"module":"record","data":{"max_length":0}}`:                                                                   "data.max_length: Value must be at least 1",
		`{"module":"record","data":{"url":"ftp://x/y"}}`:                                                                "data.url: invalid client URL",
		`{"module":"record","data":{"status_callback_events":["failed"]}}`:                                              "data.status_callback_events.0: Value not found in enumerated list of values",
		`{"module":"record","data":{"transcribe_callback":"mailto:a@b"}}`:                                               "data.transcribe_callback: invalid client URL",
		`{"module":"record_call","data":{"action":"pause"}}`:                                                            "data.action: Value not found in enumerated list of values",
		`{"module":"record_call","data":{"channels":"3"}}`:                                                              "data.channels: Value not found in enumerated list of values",
		`{"module":"disa","data":{"preconnect_audio":"music"}}`:                                                         "data.preconnect_audio: Value not found in enumerated list of values",
		`{"module":"disa","data":{"retries":"many"}}`:                                                                   "data.retries: Value did not match type(s): integer",
		`{"module":"dynamic_cid","data":{"action":"map"}}`:                                                              "data.action: Value not found in enumerated list of values",
		`{"module":"privacy","data":{"mode":"none"}}`:                                                                   "data.mode: Value not found in enumerated list of values",
		`{"module":"privacy","data":{"endpoint_strategy":"add"}}`:                                                       "data.endpoint_strategy: Value not found in enumerated list of values",
		`{"module":"menu","data":{"id":7}}`:                                                                             "data.id: Value did not match type(s): string",
		`{"module":"branch_bnumber","data":{"hunt":"maybe"}}`:                                                           "data.hunt: Value did not match type(s): boolean",
		`{"module":"refer"}`: "data.target: Field is required but missing",
		`{"module":"refer","data":{"target":"sip:a@b>\r\nVia: x"}}`:             "data.target: invalid SIP URI",
		`{"module":"refer","data":{"target":"a@b","headers":{"Via":"x"}}}`:      "data.headers.Via: only headers",
		`{"module":"refer","data":{"target":"a@b","headers":{"X-A":"x\r\ny"}}}`: "data.headers.X-A: only headers",
		`{"module":"hangup","data":"now"}`:                                      "data: Value did not match type(s): object",
		`{"module":"set_variables","data":{"custom_application_vars":"no"}}`:    "data.custom_application_vars: Value did not match type(s): object",
	} {
		if _, faults := e.Check(program(prog)); len(faults) != 1 || !strings.HasPrefix(faults.Error(), want) {
			t.Errorf("%s: %v, want %s", prog, faults, want)
		}
	}
}
