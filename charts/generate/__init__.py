"""Makes the chart's values.schema.json and README.md from its values.yaml and the settings."""
