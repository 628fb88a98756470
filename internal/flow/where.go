package flow

// Has says whether the running node has a child of that name that is not {}:
// what Kazoo's attempt would find (spec/callflow-modules.md section 3.2).
func (s *Session) Has(child string) bool { return !s.node.child(child).Empty() }

// Onnet says whether somebody of the account calls. What tells is the channel
// variable AuthorizingType, who vouches for the call ("device", "user"): it
// is there, and names neither a carrier ("resource") nor a system
// ("sys_info"). Only the server itself sets it, once it has proof; no header
// and no action does. Such a call may record greetings and reach the flow for
// everything else (section 4.3). As long as phones do not register, no call is
// from inside.
func (s *Session) Onnet() bool {
	switch s.Channel[AuthorizingType] {
	case "", "resource", "sys_info":
		return false
	}
	return true
}
