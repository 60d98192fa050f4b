"""The ways to a destination: our cloud, any MQTT broker, any web server."""
