"""What programs read from the cloud: typed JSON, described by OpenAPI."""
