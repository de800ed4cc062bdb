"""Measures groups of scenarios: `python -m bench.peers [--rounds 3] [GROUP …]`.

It writes bench/results/peers.json. The groups are saturation, fixed, patch, others and connections.
Rows of the other groups stay.
"""

from __future__ import annotations

import argparse
import sys

from bench import machine
from bench.peers import results
from bench.peers.rounds import ROUNDS
from bench.peers.rows import rows, shown
from bench.table import render


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("groups", nargs="*")
    wanted = parser.parse_args(arguments)
    unknown = [name for name in wanted.groups if name not in results.ORDER]
    if unknown:
        print(f"There is no group {', '.join(unknown)}. The groups are: {', '.join(results.ORDER)}")
        return 2
    print(machine.sentence())
    measured = []
    for row in rows(wanted.groups, wanted.rounds):
        measured.append(row)
        figure = row.get("deliveries/s", row.get("value"))
        print(f"{row['scenario']:16} {row['server']:18} {figure}", flush=True)
    print(render([shown(row) for row in measured]))
    results.write(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
