"""Levels: full scale in dBm, noise and occupancy of the air, the error of the crystal."""
