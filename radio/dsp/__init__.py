"""Signal processing: samples to soft symbols, and frames to samples; numpy and arithmetic only."""
