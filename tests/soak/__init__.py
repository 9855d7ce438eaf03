"""Everything that can break, at random, for as long as one likes: `make soak`."""
