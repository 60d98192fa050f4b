"""What people see of the cloud: pages, the live stream, and the HTTP server that carries all."""
