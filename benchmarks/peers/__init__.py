"""One job in order-audit and four other tools, each as its users would do it: `python -m benchmarks.peers`."""
