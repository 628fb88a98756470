package documents

// The parts of a phone number's document that other services would act on;
// the API serves phone numbers: see internal/api/numbers.

// CNAM is the name that goes with a number.
type CNAM struct {
	DisplayName string `json:"display_name,omitempty" jsonschema:"minLength=1,maxLength=15" jsonschema_description:"The name that others are shown."`
	Inbound     *bool  `json:"inbound_lookup,omitempty" jsonschema_description:"Whether the names of callers are looked up."`
}

// E911 is where emergency services find a number.
type E911 struct {
	Locality      string          `json:"locality" jsonschema:"required" jsonschema_description:"The town."`
	PostalCode    string          `json:"postal_code" jsonschema:"required" jsonschema_description:"The postal code."`
	Region        string          `json:"region" jsonschema:"required,minLength=2,maxLength=2" jsonschema_description:"The state."`
	Street        string          `json:"street_address" jsonschema:"required" jsonschema_description:"The street and house."`
	Extended      string          `json:"extended_address,omitempty" jsonschema_description:"The flat."`
	PlusFour      string          `json:"plus_four,omitempty" jsonschema_description:"The rest of the postal code."`
	CallerName    string          `json:"caller_name,omitempty" jsonschema:"minLength=3" jsonschema_description:"Who is there."`
	Emails        []string        `json:"notification_contact_emails" jsonschema:"default=[]" jsonschema_description:"Who hears of emergency calls."`
	Status        string          `json:"status,omitempty" jsonschema:"enum=INVALID,enum=GEOCODED,enum=PROVISIONED,enum=REMOVED,enum=ERROR" jsonschema_description:"How far it was taken."`
	ActivatedTime string          `json:"activated_time,omitempty" jsonschema_description:"Since when it holds."`
	LocationID    string          `json:"location_id,omitempty" jsonschema_description:"The carrier's name for the place."`
	Latitude      string          `json:"latitude,omitempty" jsonschema_description:"Where that is."`
	Longitude     string          `json:"longitude,omitempty" jsonschema_description:"Where that is."`
	LegacyData    *E911LegacyData `json:"legacy_data,omitempty" jsonschema_description:"The address in parts."`
}

// E911LegacyData is an address in parts.
type E911LegacyData struct {
	House        string `json:"house_number,omitempty" jsonschema_description:"The house."`
	Predirection string `json:"predirectional,omitempty" jsonschema_description:"What is before the street's name."`
	Street       string `json:"streetname,omitempty" jsonschema_description:"The street's name."`
	Suite        string `json:"suite,omitempty" jsonschema_description:"The flat."`
}

// Porting is what another carrier needs to give a number away.
type Porting struct {
	AccountID  string   `json:"billing_account_id,omitempty" jsonschema_description:"The account there."`
	Extended   string   `json:"billing_extended_address,omitempty" jsonschema_description:"The flat on the bill."`
	Locality   string   `json:"billing_locality,omitempty" jsonschema_description:"The town on the bill."`
	Name       string   `json:"billing_name,omitempty" jsonschema_description:"The name on the bill."`
	PostalCode string   `json:"billing_postal_code,omitempty" jsonschema_description:"The postal code on the bill."`
	Region     string   `json:"billing_region,omitempty" jsonschema_description:"The state on the bill."`
	Street     string   `json:"billing_street_address,omitempty" jsonschema_description:"The street on the bill."`
	Telephone  string   `json:"billing_telephone_number,omitempty" jsonschema_description:"The number on the bill."`
	Comments   []string `json:"comments,omitempty" jsonschema_description:"What else is to be known."`
	Contact    string   `json:"customer_contact,omitempty" jsonschema_description:"Who is asked."`
	PortID     string   `json:"port_id,omitempty" jsonschema_description:"The id of the request."`
	Date       string   `json:"requested_port_date,omitempty" jsonschema_description:"When it is wanted."`
	Provider   string   `json:"service_provider,omitempty" jsonschema_description:"The other carrier."`
}
