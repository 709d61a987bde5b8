"""The demonstration: two clusters and a block; what is public of them is real, scores and people are invented."""
