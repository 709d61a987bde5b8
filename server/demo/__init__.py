"""The demonstration: two clusters of 2024, real in their units and leaders, invented in their scores and saying so."""
