"""Who is let in, from where, how often, and how fast clients may send: decided without I/O."""
