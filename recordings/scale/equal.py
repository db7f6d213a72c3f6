"""Networks at equal competence: what is met by agents that earn at least 95 % of the paid goal, by how
many shifted episodes they have met. `python recordings/scale/equal.py` writes equal.csv from the maps.
"""

import csv
from pathlib import Path

HERE = Path(__file__).parent
NETS = ("large-wide", "large-deep", "recurrent", "conv")
ABLE = 0.95
BINS = ((0, 0), (150, 250), (450, 650), (1500, 2100))  # shifted episodes met, both ends included

rows = [("net", "at_least", "at_most", "moments", "met", "met_low", "met_high")]
for net in NETS:
    if not (HERE / f"{net}.csv").is_file():
        continue
    with open(HERE / f"{net}.csv", newline="", encoding="utf-8") as file:
        spots = [{key: float(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
    for low, high in BINS:
        met = [s["met"] for s in spots if s["trained"] >= ABLE and low <= s["shifted"] <= high]
        if met:
            rows.append((net, low, high, len(met), sum(met) / len(met), min(met), max(met)))
with open(HERE / "equal.csv", "w", newline="", encoding="utf-8") as file:
    csv.writer(file, lineterminator="\n").writerows(rows)
