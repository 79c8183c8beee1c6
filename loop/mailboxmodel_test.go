package loop

import "testing"

// TestMailboxProtocol goes through every interleaving of a loop, two senders and a Stop, each in the steps it takes in
// mailbox.go, and finds no state in which the loop sleeps for ever although there is something to do. With one look
// left out of the protocol it finds one at once: the test would notice.
func TestMailboxProtocol(t *testing.T) {
	if stuck := exploreMailbox(mailboxRules{}); stuck != nil {
		t.Errorf("the loop can sleep for ever: %+v", *stuck)
	}
	for name, rules := range map[string]mailboxRules{
		"without a look into the mailbox before the wait": {noLookAtLetters: true},
		"without a look at the flag of Stop":              {noLookAtStop: true},
		"with the look before the announcement":           {lookFirst: true},
		"with a wake before the letter":                   {wakeFirst: true},
	} {
		if exploreMailbox(rules) == nil {
			t.Errorf("%s: the search did not find the wake-up that is lost", name)
		}
	}
}

// mailboxRules are the ways to break the protocol.
type mailboxRules struct{ noLookAtLetters, noLookAtStop, lookFirst, wakeFirst bool }

// mailboxState is a moment: what is shared, and how far each is.
type mailboxState struct {
	state   uint32 // mailRunning …
	letters int8
	stopped bool
	woken   bool // the poller's: Wait returns

	loop    int8    // its next step
	may     bool    // what its look has said
	ended   bool    // Run has returned
	senders [2]int8 // their next step, of two posts each
	stopper int8
}

const (
	loopTimeout  int8 = iota // is there something to do? then the poll does not wait
	loopAnnounce             // state = mailWaiting
	loopLook                 // letters? stopped?
	loopWait                 // sleeps until woken, if it may
	loopRunning              // state = mailRunning
	loopCollect              // takes what is there; Run returns if it was stopped
)

// exploreMailbox returns a state in which the loop sleeps, though it has something to do, and nobody is about to wake it;
// nil if there is none.
func exploreMailbox(rules mailboxRules) *mailboxState {
	seen := map[mailboxState]bool{}
	todo := []mailboxState{{}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		if s.stuck(rules) {
			return &s
		}
		todo = append(todo, s.successors(rules)...)
	}
	return nil
}

// stuck: nobody need ever post again or call Stop, so it counts that nobody is in the middle of it.
func (s mailboxState) stuck(rules mailboxRules) bool {
	_, moves := s.loopStep(rules)
	underWay := s.senders[0]%2 + s.senders[1]%2 + s.stopper%2
	return !moves && !s.ended && underWay == 0 && (s.letters > 0 || s.stopped)
}

func (s mailboxState) successors(rules mailboxRules) (next []mailboxState) {
	if n, ok := s.loopStep(rules); ok {
		next = append(next, n)
	}
	for i := range s.senders {
		if n := s; s.senders[i] < 4 {
			n.senders[i]++
			n.post(rules, s.senders[i]%2 == 0)
			next = append(next, n)
		}
	}
	if n := s; s.stopper < 2 {
		n.stopper++
		if s.stopper == 0 {
			n.stopped = true
		} else {
			n.wake()
		}
		next = append(next, n)
	}
	return next
}

// post is one of the two steps of Loop.Post.
func (s *mailboxState) post(rules mailboxRules, first bool) {
	if first != rules.wakeFirst {
		s.letters++
	} else {
		s.wake()
	}
}

// wake is the compare-and-swap, and the system call if it succeeds.
func (s *mailboxState) wake() {
	if s.state == mailWaiting {
		s.state, s.woken = mailWoken, true
	}
}

func (s mailboxState) loopStep(rules mailboxRules) (mailboxState, bool) {
	if s.ended {
		return s, false
	}
	look := func() bool {
		return (s.letters == 0 || rules.noLookAtLetters) && (!s.stopped || rules.noLookAtStop)
	}
	switch s.loop {
	case loopTimeout:
		s.may = s.letters == 0 && !s.stopped
		s.loop = loopAnnounce
		if !s.may {
			s.loop = loopRunning
		}
	case loopAnnounce:
		if rules.lookFirst {
			s.may = look()
		}
		s.loop = loopLook
		if !rules.lookFirst {
			s.state = mailWaiting
		}
	case loopLook:
		if rules.lookFirst {
			s.state = mailWaiting
		} else {
			s.may = look()
		}
		s.loop = loopWait
	case loopWait:
		if s.may && !s.woken {
			return s, false
		}
		s.woken = false
		s.loop = loopRunning
	case loopRunning:
		s.state = mailRunning
		s.loop = loopCollect
	case loopCollect:
		s.letters = 0
		s.ended = s.stopped
		s.loop = loopTimeout
	}
	return s, true
}
