// Command serve runs the example application by itself, for a Pivot that
// runs elsewhere:
//
//	go run ./examples/menu/serve -listen 127.0.0.1:3000
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/pivotvoice/pivot/examples/menu"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:3000", "where to listen for Pivot's requests")
	base := flag.String("base", "", "the URL at which Pivot reaches this, if it is not what it asks for")
	flag.Parse()
	log.Printf("the pages are http://%s/voice and http://%s/menu", *listen, *listen)
	s := &http.Server{Addr: *listen, Handler: menu.Handler(*base), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(s.ListenAndServe())
}
