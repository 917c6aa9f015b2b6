"""The tables of `python -m benchmarks.since`."""

from __future__ import annotations

from benchmarks.markdown import Document, grid, in_megabytes, in_seconds, ratio


def since_tables(document: Document) -> str:
    """What audits cost: of all rows, with the state kept, and since the one before."""
    text = (
        "### Audits since an earlier one\n\n"
        "All 42 rules, without lint and profile; seconds of CPU of the client and of the server, medians. After each"
        " change, the violations were those of an audit of all rows, byte for byte."
    )
    for size in document["sizes"]:
        costs = size["costs"]
        whole = _cpu(costs["earlier"])
        names = {
            "earlier": f"all rows, {document['revision']}",
            "full": "all rows",
            "with state": "all rows, `--state`",
        }
        for share, changed in size["changed"].items():
            orders = f"orders {changed['updated']:,} updated, {changed['inserted']:,} new, {changed['deleted']:,} gone"
            rows = f"{orders}; {changed['customers']:,} customers"
            names[f"since {share}"] = f"`--since`, {float(share):.1%} changed ({rows})"
        lines = [
            (name, in_seconds(costs[key]["client"]), in_seconds(costs[key]["server"]), ratio(_cpu(costs[key]), whole),
             in_seconds(costs[key]["wall"]), in_megabytes(costs[key]["memory"]))
            for key, name in names.items()
        ]  # fmt: skip
        text += (
            f"\n\n{size['orders']:,} orders, {size['customers']:,} customers, {size['repeats']} rounds. The state has"
        )
        text += f" {costs['with state']['state_bytes'] / size['orders']:.1f} bytes an order.\n\n"
        text += grid(("audit", "client CPU, s", "server CPU, s", "ratio", "wall, s", "client memory, MB"), lines)
    return text


def _cpu(cost: dict[str, float]) -> float:
    return cost["client"] + cost["server"]
