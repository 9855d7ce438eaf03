"""`chatcluster top`: what every program of a cluster does, from its metrics, as a live table."""
