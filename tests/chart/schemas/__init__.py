"""JSON schemas of the kinds of Kubernetes objects that the chart renders, in one file."""
