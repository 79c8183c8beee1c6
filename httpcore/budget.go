package httpcore

import (
	"slices"
	"sync"
)

// budget counts the connections of an Agent over all loops, and knows who waits for one that there is no room for. Any
// goroutine may use it.
type budget struct {
	perOrigin, most int // 0 is no limit

	mu      sync.Mutex
	total   int
	of      map[originKey]int
	starved []starving // in the order that they came
}

// starving is requests for an origin, on one loop, waiting for room.
type starving struct {
	p   *pool
	key originKey
}

func (b *budget) init(perOrigin, most int) {
	b.perOrigin, b.most, b.of = perOrigin, most, map[originKey]int{}
}

// room reports whether there is room for a connection to key. It is for those who hold mu.
func (b *budget) room(key originKey) bool {
	return (b.most == 0 || b.total < b.most) && (b.perOrigin == 0 || b.of[key] < b.perOrigin)
}

// take makes room for a connection, or reports false: then p is among those that next returns, and whole says whether it is
// only the limit of all that is reached.
func (b *budget) take(p *pool, key originKey) (ok, whole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.room(key) {
		if x := (starving{p, key}); !slices.Contains(b.starved, x) {
			b.starved = append(b.starved, x)
		}
		return false, b.perOrigin == 0 || b.of[key] < b.perOrigin
	}
	b.add(key)
	return true, false
}

// add counts a connection. It is for those who hold mu.
func (b *budget) add(key originKey) {
	b.total++
	b.of[key]++
}

// give takes one connection to key off.
func (b *budget) give(key originKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total--
	if b.of[key]--; b.of[key] == 0 {
		delete(b.of, key)
	}
}

// next takes room for who has waited longest of those that there is room for, so that nobody else is quicker. It is not
// remembered any more: if it does not need the room, it gives that back and asks for the next.
func (b *budget) next() (x starving, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.starved, func(x starving) bool { return b.room(x.key) })
	if i < 0 {
		return x, false
	}
	x = b.starved[i]
	b.starved = slices.Delete(b.starved, i, i+1)
	b.add(x.key)
	return x, true
}

// wanted reports whether somebody waits for a connection to key to be closed, but for those of p who want one to key
// themselves.
func (b *budget) wanted(key originKey, p *pool) bool {
	if b.perOrigin == 0 && b.most == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	full := b.most > 0 && b.total >= b.most
	return slices.ContainsFunc(b.starved, func(x starving) bool {
		return (x.p != p || x.key != key) && (x.key == key || full && (b.perOrigin == 0 || b.of[x.key] < b.perOrigin))
	})
}

// forgo is p not waiting for room for key any more.
func (b *budget) forgo(p *pool, key originKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.starved = slices.DeleteFunc(b.starved, func(x starving) bool { return x.p == p && x.key == key })
}
