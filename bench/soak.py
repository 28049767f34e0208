#!/usr/bin/env python3
"""Draws what ServingSoak wrote: bench/soak.py IN.csv OUT.svg (needs matplotlib)."""
import csv
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "hasten"
import matplotlib.pyplot as plt

rows = list(csv.DictReader(open(sys.argv[1])))
minutes = [float(row["seconds"]) / 60 for row in rows]
figure, axes = plt.subplots(figsize=(8, 3.5))
for field, label in (("resident_mb", "resident memory"), ("heap_mb", "heap after collection")):
    axes.plot(minutes, [float(row[field]) for row in rows], label=label)
axes.set(xlabel="minutes", ylabel="MB", ylim=(0, None), xlim=(0, minutes[-1]))
axes.legend(frameon=False)
axes.grid(alpha=0.3)
figure.tight_layout()
figure.savefig(sys.argv[2], metadata={"Date": None})
