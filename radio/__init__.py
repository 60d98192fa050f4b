"""The radio: samples in, decoded frames out; downlink frames in, samples out."""
