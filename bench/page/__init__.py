"""The peers' section of docs/performance.md, with its plots, made from bench/results/peers.json."""
