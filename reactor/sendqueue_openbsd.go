package reactor

// sendQueue: this system does not tell.
func sendQueue(int) (int, error) { return 0, EOPNOTSUPP }
