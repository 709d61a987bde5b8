"""What is measured, beside peers and aims: docs/benchmarks.md has the figures."""
