"""
The measurement of the suite's own verdicts: every fault of the laboratory, every legal variant, one after another.
"""
