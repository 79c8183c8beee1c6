package httpcore

import (
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// The head of a message that is being written: the fields that somebody has set.

type header struct{ name, value string }

// fieldList is where the fields of a message lie that are too many for itself.
type fieldList struct {
	items []header
	room  [6]header // where items begins
}

// fields are those that were set, in order.
func (o *outgoing) fields() []header {
	if o.many != nil {
		return o.many.items
	}
	return o.few[:o.lines]
}

// addField puts a field behind those that were set.
func (o *outgoing) addField(h header) {
	if o.many == nil && int(o.lines) < len(o.few) {
		o.few[o.lines] = h
		o.lines++
		return
	}
	if o.many == nil {
		o.moveFields()
	}
	o.many.items = append(o.many.items, h)
}

// moveFields has the fields lie where there is room for more.
func (o *outgoing) moveFields() {
	x := new(fieldList)
	x.items = append(x.room[:0], o.fields()...)
	o.many = x
}

// keepFields leaves the first n fields.
func (o *outgoing) keepFields(n int) {
	if o.many != nil {
		o.many.items = o.many.items[:n]
	} else {
		o.lines = uint8(n)
	}
}

// knownHeaders are the fields that mean something to us, one bit each: those that were set, and above them those that
// were removed, which is not the same as never set.
type knownHeaders uint16

const (
	setLength knownHeaders = 1 << iota
	setCoding
	setConnection
	setKeepAlive
	setDate
	setTrailer
	setHost
	setExpect
	removedShift = 8
)

func knownHeader(name string) knownHeaders {
	is := func(s string, bit knownHeaders) knownHeaders {
		if sameName(name, s) {
			return bit
		}
		return 0
	}
	switch len(name) {
	case 4:
		return is("Date", setDate) | is("Host", setHost)
	case 6:
		return is("Expect", setExpect)
	case 7:
		return is("Trailer", setTrailer)
	case 10:
		return is("Connection", setConnection) | is("Keep-Alive", setKeepAlive)
	case 14:
		return is("Content-Length", setLength)
	case 17:
		return is("Transfer-Encoding", setCoding)
	}
	return 0
}

// SetHeader sets a field, in place of all of that name. It returns ErrHeadersSent, or ErrInvalidName or ErrInvalidValue, and
// then nothing is changed. Whitespace around the value is left out.
func (o *outgoing) SetHeader(name, value string) error {
	if err := o.mayHave(name, &value); err != nil {
		return err
	}
	o.note(name, true)
	at := -1
	fields := o.fields()
	for i := 0; i < len(fields); i++ {
		switch {
		case !sameName(fields[i].name, name):
		case at < 0:
			at = i
			fields[i] = header{name, value}
		default:
			fields = append(fields[:i], fields[i+1:]...)
			o.keepFields(len(fields))
			i--
		}
	}
	if at < 0 {
		o.addField(header{name, value})
	}
	return nil
}

// AppendHeader adds a field, behind those of the same name. It returns the same errors as SetHeader.
func (o *outgoing) AppendHeader(name, value string) error {
	if err := o.mayHave(name, &value); err != nil {
		return err
	}
	o.note(name, true)
	o.addField(header{name, value})
	return nil
}

// RemoveHeader takes all fields of that name away: one that would be sent by itself, such as Date, too. It returns
// ErrHeadersSent.
func (o *outgoing) RemoveHeader(name string) error {
	if o.headSent {
		return ErrHeadersSent
	}
	o.note(name, false)
	kept := o.fields()[:0]
	for _, h := range o.fields() {
		if !sameName(h.name, name) {
			kept = append(kept, h)
		}
	}
	o.keepFields(len(kept))
	return nil
}

// Header is the first value that was set for a field; "" if there is none.
func (o *outgoing) Header(name string) string {
	for _, h := range o.fields() {
		if sameName(h.name, name) {
			return h.value
		}
	}
	return ""
}

// HasHeader reports whether a field was set.
func (o *outgoing) HasHeader(name string) bool {
	if bit := knownHeader(name); bit != 0 {
		return o.isSet(bit)
	}
	for _, h := range o.fields() {
		if sameName(h.name, name) {
			return true
		}
	}
	return false
}

// HeaderNames are the names of the fields that were set, in order and in lower case, each once.
func (o *outgoing) HeaderNames() (names []string) {
	seen := map[string]bool{}
	for _, h := range o.fields() {
		if name := strings.ToLower(h.name); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// HeadersSent reports whether the head is fixed.
func (o *outgoing) HeadersSent() bool { return o.headSent }

// AddTrailer adds a field to the trailer section, which a chunked message has. It returns ErrInvalidTrailer if the message is not,
// as far as that is known already; one that turns out not to be, such as any for HTTP/1.0, leaves its trailers out. A field that
// says how the message is framed, where it goes or what becomes of its connection is too late there, and ErrInvalidTrailer too: RFC
// 9110 section 6.5.1.
func (o *outgoing) AddTrailer(name, value string) error {
	switch {
	case o.ended, o.headSent && !o.chunked, o.isSet(setLength), neverTrailers[strings.ToLower(name)]:
		return ErrInvalidTrailer
	case !h1.ValidToken(name):
		return ErrInvalidName
	case !h1.ValidFieldValue(value):
		return ErrInvalidValue
	}
	x := o.extend()
	x.trailers = append(x.trailers, header{name, value})
	return nil
}

// neverTrailers are fields that mean something before a body only.
var neverTrailers = map[string]bool{
	"connection": true, "content-length": true, "expect": true, "host": true, "keep-alive": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true,
}

func (o *outgoing) mayHave(name string, value *string) error {
	*value = trimOWS(*value)
	switch {
	case o.headSent:
		return ErrHeadersSent
	case !h1.ValidToken(name):
		return ErrInvalidName
	case !h1.ValidFieldValue(*value):
		return ErrInvalidValue
	}
	return nil
}

// sameName reports whether two names of fields are the same one, in any case.
func sameName(a, b string) bool { return len(a) == len(b) && sameLetters(a, b) }

// sameLetters is sameName for names of the same length. Nearly always they are written alike, or begin with another letter.
func sameLetters(a, b string) bool {
	return a == b || (a[0]^b[0])&^0x20 == 0 && strings.EqualFold(a, b)
}

// trimOWS is s without the spaces and tabs at its ends.
func trimOWS(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// mayHaveAll is mayHave for a list of names and values, in turn.
func (o *outgoing) mayHaveAll(fields []string) error {
	if len(fields)%2 != 0 {
		return ErrOddFields
	}
	for i := 0; i < len(fields); i += 2 {
		value := fields[i+1]
		if err := o.mayHave(fields[i], &value); err != nil {
			return err
		}
	}
	return nil
}

// given reports whether a list of names and values has a name.
func given(fields []string, name string) bool {
	for i := 0; i < len(fields); i += 2 {
		if sameName(fields[i], name) {
			return true
		}
	}
	return false
}

func (o *outgoing) note(name string, set bool) {
	bit := knownHeader(name)
	o.known &^= bit | bit<<removedShift
	if set {
		o.known |= bit
	} else {
		o.known |= bit << removedShift
	}
}

func (o *outgoing) isSet(bit knownHeaders) bool { return o.known&bit != 0 }

// is reports whether a field was set or removed: whether it is not ours to send.
func (o *outgoing) is(bit knownHeaders) bool { return o.known&(bit|bit<<removedShift) != 0 }

// drop takes a field away that may not be there, as if it had never been set.
func (o *outgoing) drop(name string, bit knownHeaders) {
	o.RemoveHeader(name)
	o.known &^= bit << removedShift
}

// sole is the value of a field that was set, and whether it has no other line.
func (o *outgoing) sole(name string) (value string, ok bool) {
	for _, h := range o.fields() {
		switch {
		case !sameName(h.name, name):
		case ok:
			return value, false
		default:
			value, ok = h.value, true
		}
	}
	return value, ok
}

// hasToken reports whether a list has a member, in any case.
func hasToken(list, token string) bool {
	for list != "" {
		var member string
		if member, list = cutMember(list); sameName(member, token) {
			return true
		}
	}
	return false
}

// cutMember cuts the first member off a list, which is not empty.
func cutMember(list string) (member, rest string) {
	member, rest, _ = strings.Cut(list, ",")
	return trimOWS(member), rest
}

// FlushHeaders sends the head now, before there is any body. It returns why the head can't be.
func (o *outgoing) FlushHeaders() error {
	head, err := o.takeHead(-1, 0)
	o.passHead(head)
	return err
}
