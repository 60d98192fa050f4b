"""Front ends: the parts that turn an antenna, a recording or a simulated air into samples."""
