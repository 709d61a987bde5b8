"""`python -m benchmarks`: every benchmark, one after another. Figures are to be read as ratios within one run."""

from __future__ import annotations

from benchmarks import growth, save_answer, standings, verify, wire

if __name__ == "__main__":
    save_answer.main()
    standings.main()
    verify.main()
    wire.main()
    growth.main()
