package httpcore

import "slices"

// AppendHeaders is AppendHeader of each field of a list, in turn name and value. It returns the same errors, or ErrOddFields, and then
// nothing is changed. The list is the caller's again when it returns.
func (o *outgoing) AppendHeaders(list ...string) error { return o.addAll(list) }

// addAll adds the fields of a list, in turn name and value, behind those that were set. It returns the errors of AppendHeader, or
// ErrOddFields, and then nothing is changed.
func (o *outgoing) addAll(list []string) error {
	if len(list)%2 != 0 {
		return ErrOddFields
	}
	before, known := len(o.headers), o.known
	o.headers = slices.Grow(o.headers, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		name, value := list[i], list[i+1]
		if err := o.mayHave(name, &value); err != nil {
			o.headers, o.known = o.headers[:before], known
			return err
		}
		o.mark(name, true)
		o.headers = append(o.headers, header{name, value})
	}
	return nil
}
