"""What a run reports while it lasts and at its end, frozen, to and from JSON; nothing here computes or stores it."""
