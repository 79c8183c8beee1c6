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
	before, known := len(o.fields()), o.known
	if n := before + len(list)/2; n > len(o.few) {
		if o.many == nil {
			o.moveFields()
		}
		o.many.items = slices.Grow(o.many.items, n-before)
	}
	for i := 0; i < len(list); i += 2 {
		name, value := list[i], list[i+1]
		if err := o.mayHave(name, &value); err != nil {
			o.keepFields(before)
			o.known = known
			return err
		}
		o.note(name, true)
		o.addField(header{name, value})
	}
	return nil
}
