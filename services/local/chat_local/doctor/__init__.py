"""`chatcluster doctor`: looks at a running cluster, and says what is wrong and what to do."""
