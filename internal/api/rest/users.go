package rest

// EveryUser lets in every user: the operation tells nobody anything, or only
// who they are.
func EveryUser(*Request) (bool, error) { return true, nil }

// OwnRows cuts a list down to the rows that have the user at a dotted path.
func OwnRows(path string) func(*Request) (bool, error) {
	return func(r *Request) (bool, error) {
		r.Query.Add("filter_"+path, r.Auth.UserID())
		return true, nil
	}
}

// mayUser says whether a user who is no admin may do what is asked.
func (r *Request) mayUser() error {
	if r.Op.Own == nil || r.Account != nil && r.Account.ID != r.Auth.Account.ID {
		return Forbidden()
	}
	ok, err := r.Op.Own(r)
	if err == nil && !ok {
		return Forbidden()
	}
	return err
}
