"""The operator's decisions, against clusters that are made of values."""
