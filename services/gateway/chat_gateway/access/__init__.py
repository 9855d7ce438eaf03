"""Who is let in, as whom, for how long, and what they may do."""
