"""Networks at equal competence: what is met by agents that earn at least 95 % of the paid goal, by how
many shifted episodes they have met. `python recordings/scale/equal.py` writes equal.csv from the maps:
a row for each such moment of an agent.
"""

import csv
from pathlib import Path

HERE = Path(__file__).parent
NETS = ("large-wide", "large-deep", "recurrent", "conv")
ABLE = 0.95
BINS = ((0, 0), (150, 250), (450, 650), (1500, 2100))  # shifted episodes met, both ends included

rows = [("net", "at_least", "at_most", "alpha", "seed", "steps", "shifted", "met")]
for net in NETS:
    if not (HERE / f"{net}.csv").is_file():
        continue
    with open(HERE / f"{net}.csv", newline="", encoding="utf-8") as file:
        spots = list(csv.DictReader(file))
    for low, high in BINS:
        rows += [
            (net, low, high, *(spot[key] for key in rows[0][3:]))
            for spot in spots
            if float(spot["trained"]) >= ABLE and low <= float(spot["shifted"]) <= high
        ]
with open(HERE / "equal.csv", "w", newline="", encoding="utf-8") as file:
    csv.writer(file, lineterminator="\n").writerows(rows)
