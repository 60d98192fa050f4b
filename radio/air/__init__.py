"""A simulated air: devices that keep the real protocol, noise, and the faults of cheap parts."""
