"""The radio of the access point: samples in, decoded frames out; downlink frames in, samples out."""
