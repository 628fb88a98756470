package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Function is a web server that says how a call goes on, by the name that
// callflows know it by.
type Function struct {
	Name        string `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Description string `json:"description,omitempty" jsonschema:"maxLength=1024" jsonschema_description:"What it is for."`
	URL         string `json:"url" jsonschema:"required,minLength=1,maxLength=2048" jsonschema_description:"The URL to ask: http or https."`
	Method      string `json:"method" jsonschema:"enum=post,enum=get" jsonschema_description:"How to ask: post has what is known of the call as JSON in the body, get in the query."`
	Timeout     int    `json:"req_timeout_ms" jsonschema:"minimum=100,maximum=5000" jsonschema_description:"How long to wait for the whole answer, in milliseconds."`
}

// Functions are the functions of an account. Kazoo's are JavaScript that it
// runs by itself; here a web server of the account does.
var Functions = define(resource.Def[Function]{
	Name: "functions", Type: "function", Summary: "Functions: web servers that make callflows.",
	Default: Function{Method: "post", Timeout: 5000},
	Example: `{"name": "Who answers today", "url": "https://example.com/today"}`,
	List:    resource.Fields("name", "description"),
	Check: func(_ context.Context, d *resource.Draft, _ Function) error {
		if _, code := d.Doc["function"]; code {
			return schema.Faults{{
				Path: []string{"function"}, Rule: "error", Message: "JavaScript is not run here; give the url of a web server",
			}}
		}
		return nil
	},
})
