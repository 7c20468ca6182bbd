#!/usr/bin/env python3
"""Draws the study and fills in the table of its README: plot.py COSTS.json RESULTS.json DIRECTORY. Plain SVG,
standard library only."""
import json
import math
import pathlib
import sys

COLORS = ("#1b6ca8", "#c8553d", "#2e8b57", "#7b4fa3", "#8a6d1d")
GROUP = 8  # receivers sealed together


class Svg:
    def __init__(self, width, height, title):
        self.size, self.parts = (width, height), []
        self.rect(0, 0, width, height, "#ffffff")
        self.text(width / 2, 24, title, size=16, anchor="middle", bold=True)

    def add(self, text):
        self.parts.append(text)

    def rect(self, x, y, w, h, fill, stroke="none"):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}" stroke="{stroke}"/>')

    def line(self, x1, y1, x2, y2, color="#d8d8d8", width=1.0, dash=""):
        self.path([(x1, y1), (x2, y2)], color, width, dash)

    def path(self, points, color, width=2.0, dash=""):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polyline points="{at}" fill="none" stroke="{color}" stroke-width="{width}"{dashes}/>')

    def dot(self, x, y, color, r=4.0, hollow=False):
        fill = "#ffffff" if hollow else color
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{fill}" stroke="{color}" stroke-width="1.6"/>')

    def text(self, x, y, text, size=13, anchor="start", bold=False, color="#222222", turn=False):
        weight = ' font-weight="bold"' if bold else ""
        turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
        text = text.replace("&", "&amp;").replace("<", "&lt;")
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}"'
                 f'{weight}{turned}>{text}</text>')

    def write(self, path):
        w, h = self.size
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
                'font-family="DejaVu Sans, Arial, Helvetica, sans-serif">')
        path.write_text("\n".join([head, *self.parts, "</svg>"]) + "\n")


def step(top, wanted=6):
    """A round distance of grid lines."""
    rough = top / wanted
    size = 10 ** math.floor(math.log10(rough))
    return next(m * size for m in (1, 2, 5, 10) if m * size >= rough)


class Panel:
    """A box with axes from 0; x runs over `columns` names or 0..x_top."""

    def __init__(self, svg, box, y_top, x_top=None, columns=()):
        self.svg, self.box, self.columns = svg, box, columns
        self.grid = step(y_top)
        self.y_top = math.ceil(y_top / self.grid) * self.grid
        self.x_top = x_top or len(columns)
        x, y, w, h = box
        for i in range(round(self.y_top / self.grid) + 1):
            at = self.y(i * self.grid)
            svg.line(x, at, x + w, at)
            svg.text(x - 6, at + 4, f"{i * self.grid:g}", size=12, anchor="end")
        if not columns:
            for i in range(round(self.x_top / step(self.x_top)) + 1):
                value = i * step(self.x_top)
                svg.line(self.x(value), y + h, self.x(value), y + h + 4, "#222222")
                svg.text(self.x(value), y + h + 18, f"{value:g}", size=12, anchor="middle")
        for i, name in enumerate(columns):
            svg.text(self.x(i + 0.5), y + h + 18, name, size=12, anchor="middle")
        svg.line(x, y, x, y + h, "#222222")
        svg.line(x, y + h, x + w, y + h, "#222222")

    def x(self, value):
        return self.box[0] + self.box[2] * value / self.x_top

    def y(self, value):
        return self.box[1] + self.box[3] * (1 - value / self.y_top)

    def labels(self, title, x_label, y_label):
        x, y, w, h = self.box
        self.svg.text(x + w / 2, y - 8, title, size=13, anchor="middle", bold=True)
        self.svg.text(x + w / 2, y + h + 36, x_label, anchor="middle")
        if y_label:
            self.svg.text(x - 46, y + h / 2, y_label, anchor="middle", turn=True)

    def series(self, points, color, hollow=False, dash="", dots=True):
        at = [(self.x(x), self.y(y)) for x, y in points]
        self.svg.path(at, color, dash=dash)
        for x, y in at if dots else ():
            self.svg.dot(x, y, color, hollow=hollow)


def name(row):
    return str(row["send"]) if row["mesh"] else f"{row['send']}/{row['receive']}"


def legend(svg, x, y, entries, gap=26):
    """entries: (color, text, dash, dotted)"""
    for color, text, dash, dotted in entries:
        svg.path([(x, y), (x + 26, y)], color, dash=dash)
        if dotted:
            svg.dot(x + 13, y, color, hollow=bool(dash))
        svg.text(x + 32, y + 4, text)
        x += 32 + 7.3 * len(text) + gap


def draw_time(rows, path):
    svg = Svg(1020, 790, "Time until 99 % of all nodes have a flashblock of 100 KB (fixed round trips)")
    columns = ("10/3", "5", "10", "20")
    rtts = sorted({r["rtt_ms"] for r in rows if r["group"] == "fixed"})
    for i, gbps in enumerate((1, 10)):
        for j, rtt in enumerate(rtts):
            mine = [r for r in rows if r["group"] == "fixed" and r["gbps"] == gbps and r["rtt_ms"] == rtt]
            top = max(r["formula"]["hops_ms"] for r in rows if r["group"] == "fixed" and r["rtt_ms"] == rtt)
            panel = Panel(svg, (80 + 320 * j, 110 + 335 * i, 245, 240), top, columns=columns)
            panel.labels(f"RTT {rtt:g} ms, {gbps} Gb/s up", "fan-out", "99 % reached, ms" if j == 0 else "")
            for color, nodes in zip(COLORS, (1_000, 10_000, 100_000)):
                at = {name(r): r for r in mine if r["nodes"] == nodes}
                for kind, key, dash in (("formula", "hops_ms", "5 4"), ("simulated", "t99_ms", "")):
                    panel.series([(k + 0.5, at[c][kind][key]) for k, c in enumerate(columns)], color,
                                 hollow=bool(dash), dash=dash)
    legend(svg, 90, 55, [(c, f"{n:,} nodes", "", True) for c, n in zip(COLORS, (1_000, 10_000, 100_000))])
    legend(svg, 540, 55, [("#444444", "simulated", "", True), ("#444444", "formula (hops)", "5 4", True)])
    svg.text(90, 776, "10/3: flblk/2 as it comes, every node feeds at most 10 and is fed by 3. "
             "5, 10, 20: every node feeds so many and is fed by as many.")
    svg.write(path)


def draw_receive(rows, path):
    svg = Svg(820, 480, "What a further feed buys: 10,000 nodes, RTT 50 ms (sigma 0.5), 1 Gb/s up")
    mine = [r for r in rows if r["group"] == "receive"]
    panel = Panel(svg, (80, 80, 700, 310), max(r["simulated"]["t99_ms"] for r in mine), x_top=20)
    panel.labels("", "max_receive_peers: feeds per node, each one copy down and, in the mean, one copy up",
                 "99 % reached, ms")
    sizes = sorted({r["size"] for r in mine})
    for color, size in zip(COLORS, sizes):
        points = [(r["receive"], r["simulated"]["t99_ms"]) for r in mine if r["size"] == size]
        panel.series(points, color)
    at = panel.x(3)
    svg.line(at, 80, at, 390, "#666666", dash="4 4")
    svg.text(at + 5, 94, "default", color="#666666")
    at = panel.y(200)
    svg.line(80, at, 780, at, "#666666", dash="4 4")
    svg.text(775, at - 5, "flashblock interval", anchor="end", color="#666666")
    legend(svg, 230, 55, [(c, f"{s // 1000:,} KB", "", True) for c, s in zip(COLORS, sizes)])
    svg.text(80, 460, "max_send_peers is twice the feeds, at least 10.")
    svg.write(path)


def draw_curve(rows, path):
    svg = Svg(820, 470, "How a flashblock of 100 KB spreads: 10,000 nodes, RTT 50 ms (sigma 0.5), 1 Gb/s up")
    mine = [r for r in rows if r["group"] == "curve"]
    panel = Panel(svg, (80, 80, 700, 310), 100, x_top=300)
    panel.labels("", "since the host gave it to the publisher, ms", "nodes that have it, %")
    for color, row in zip(COLORS, mine):
        points = [(0, 0), *((t, 100 * share) for t, share in row["simulated"]["curve"] if t <= 300)]
        panel.series(points, color, dots=False)
    legend(svg, 120, 55, [(c, ("fan-out " if r["mesh"] else "sets ") + name(r), "", False)
                          for c, r in zip(COLORS, mine)], gap=20)
    svg.text(80, 452, "sets s/r: every node feeds at most s and is fed by r.")
    svg.write(path)


def parts_of(costs, row):
    """Milliseconds of the formula by what they are spent on; as formula.cc."""
    cost = next(c for c in costs if c["size"] == row["size"])
    hops = row["formula"]["hops"]
    transmit = cost["wire_bytes"] * 8 / (row["gbps"] * 1e6) if row["gbps"] else 0.0

    def departures(n):
        thread = link = waits = left = 0.0
        for begin in range(0, n, GROUP):
            size = min(GROUP, n - begin)
            thread += (cost["seal_group_us"] + size * cost["send_us"]) / 1000
            link = max(link, thread)
            for _ in range(size):
                link += transmit
                left += link / n
                waits += thread / n
        return waits, left - waits

    first = departures(row["send"])
    further = departures(row["send"] - 1 if row["mesh"] else row["receive"])
    once = (cost["publish_us"] + (hops - 1) * cost["relay_us"]) / 1000
    latency = hops * row["rtt_ms"] / 2
    seal, link = (first[i] + (hops - 1) * further[i] for i in (0, 1))
    return [("latency", latency), ("link up", link), ("sealing and send", seal), ("verify, decide", once)]


def draw_parts(costs, rows, path):
    svg = Svg(900, 570, "What the time goes into (formula, 10,000 nodes, 100 KB)")
    mine = [r for r in rows if r["group"] == "fixed" and r["nodes"] == 10_000 and r["rtt_ms"] in (5, 50)]
    mine.sort(key=lambda r: (r["rtt_ms"], r["gbps"], r["mesh"], r["send"]))
    top = max(r["formula"]["hops_ms"] for r in mine)
    scale, y = 520 / top, 80
    for ms in range(0, int(top) + 1, 50):
        svg.line(255 + ms * scale, 70, 255 + ms * scale, 80 + 27 * len(mine))
        svg.text(255 + ms * scale, 98 + 27 * len(mine), str(ms), size=12, anchor="middle")
    for row in mine:
        label = f"RTT {row['rtt_ms']:g} ms, {row['gbps']:g} Gb/s, fan-out {name(row)}"
        svg.text(245, y + 14, label, size=12, anchor="end")
        x = 255.0
        for color, (_, ms) in zip(COLORS, parts_of(costs, row)):
            svg.rect(x, y, ms * scale, 18, color)
            x += ms * scale
        svg.text(x + 6, y + 14, f"{row['formula']['hops_ms']:.0f} ms, {row['formula']['hops']} hops", size=12)
        y += 27
    x = 130
    for color, (text, _) in zip(COLORS, parts_of(costs, mine[0])):
        svg.rect(x, 44, 14, 14, color)
        svg.text(x + 20, 56, text)
        x += 50 + 8 * len(text)
    svg.line(255, 70, 255, y, "#222222")
    svg.text(515, y + 42, "sum over the hops to 99 % of the nodes, ms", anchor="middle")
    svg.write(path)


def write_table(rows, readme):
    """Puts the main table between its marks."""
    lines = ["| nodes | RTT | up | " + " | ".join(f"{c}" for c in ("sets 10/3", "fan-out 5", "10", "20")) + " |",
             "|---|---|---|---|---|---|---|"]
    cells = {}
    for r in rows:
        if r["group"] == "fixed":
            text = f"{r['simulated']['t99_ms']:.0f} ({r['formula']['hops_ms']:.0f})"
            cells.setdefault((r["nodes"], r["rtt_ms"], r["gbps"]), {})[name(r)] = text
    for (nodes, rtt, gbps), row in cells.items():
        lines.append(f"| {nodes:,} | {rtt:g} ms | {gbps:g} Gb/s | "
                     + " | ".join(row[c] for c in ("10/3", "5", "10", "20")) + " |")
    begin, end = "<!-- table: plot.py -->\n", "<!-- end of table -->"
    head, rest = readme.read_text().split(begin)
    readme.write_text(head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def main():
    costs = json.loads(pathlib.Path(sys.argv[1]).read_text())["costs"]
    rows = json.loads(pathlib.Path(sys.argv[2]).read_text())
    out = pathlib.Path(sys.argv[3])
    draw_time(rows, out / "time.svg")
    draw_parts(costs, rows, out / "parts.svg")
    draw_receive(rows, out / "receive.svg")
    draw_curve(rows, out / "curve.svg")
    write_table(rows, out / "README.md")


main()
