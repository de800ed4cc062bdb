"""Measures groups of scenarios: `python -m bench.peers [GROUP …]` writes bench/results/peers.json.

The groups are saturation, fixed, patch, others and connections. Rows of the other groups stay.
"""

from __future__ import annotations

import sys

from bench import machine
from bench.peers import results
from bench.peers.rows import rows, shown
from bench.table import render


def main(groups: list[str]) -> int:
    unknown = [name for name in groups if name not in results.ORDER]
    if unknown:
        print(f"There is no group {', '.join(unknown)}. The groups are: {', '.join(results.ORDER)}")
        return 2
    print(machine.sentence())
    measured = []
    for row in rows(groups):
        measured.append(row)
        figure = row.get("deliveries/s", row.get("value"))
        print(f"{row['scenario']:16} {row['server']:18} {figure}", flush=True)
    print(render([shown(row) for row in measured]))
    results.write(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
