package resource_test

import (
	"context"
	"fmt"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// A resource is one declaration; this is all there is to it.
func ExampleDefine() {
	type list struct {
		Name        string `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
		Description string `json:"description,omitempty" jsonschema:"minLength=1,maxLength=128"`
		ListType    string `json:"list_type,omitempty"`
	}
	lists := resource.Define(resource.Def[list]{
		Name: "lists", Type: "list", Summary: "Lists of numbers and names.",
		List:    resource.Fields("name", "description", "list_type"),
		Index:   []string{"list_type"},
		Example: `{"name":"Friends"}`,
	})

	ctx, docs := context.Background(), store.Memory().Docs
	c := resource.Collection{Resource: lists, Docs: docs, Account: "4f9c"}
	d, _ := c.Create(ctx, resource.Object{"id": "l1", "name": "Friends", "colour": "blue"})
	fmt.Println(d.Show(), c.Row(d))
	_, err := c.Create(ctx, resource.Object{})
	fmt.Println(err)
	// Output:
	// map[colour:blue id:l1 name:Friends] map[id:l1 name:Friends]
	// name: Field is required but missing
}
