package sim

// twiml looks at a TwiML document.
func (r *Report) twiml([]byte, string) {}
