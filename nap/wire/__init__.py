"""How box and cloud talk: topics, messages, and the MQTT link both sides use."""
