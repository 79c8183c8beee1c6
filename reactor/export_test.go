package reactor

// SlotsUsed is how many slots r has ever needed at a time.
func SlotsUsed(r *Reactor) int { return int(r.slots.made) }
