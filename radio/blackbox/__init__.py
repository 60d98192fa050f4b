"""The black box: samples of bursts that did not decode, kept as SigMF clips within a budget."""
