"""Levels: what full scale means in dBm, how loud the noise is, how busy the air, how true the crystal."""
