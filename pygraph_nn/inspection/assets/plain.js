// A plain picture of a graph that Graphviz needs too long for: ranks by longest path, rows ordered by their neighbours,
// straight lines. Each node's size is Graphviz's own.
"use strict";
const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function plainSVG({ nodes, edges: pairs, titles, rankdir }) {
  const place = new Map(nodes.map((node) => [node.name, node]));
  const links = pairs.map(([a, b]) => [place.get(a), place.get(b)]);
  const rows = ranks(nodes, links);
  const sideways = /^(LR|RL)$/.test(rankdir);
  for (let sweep = 0; sweep < 6; sweep++) order(rows, sweep % 2 === 0);
  arrange(rows, sideways, /^(BT|RL)$/.test(rankdir));
  const far = (key, size) => nodes.reduce((most, node) => Math.max(most, node[key] + node[size] / 2), 0) + 20;
  const [w, h] = [far("x", "w"), far("y", "h")];
  const edgeParts = links.map(([a, b], i) => {
    const [dx, dy] = sideways ? [Math.sign(b.x - a.x) || 1, 0] : [0, Math.sign(b.y - a.y) || 1];
    const [x1, y1] = [a.x + (dx * a.w) / 2, a.y + (dy * a.h) / 2], [x2, y2] = [b.x - (dx * b.w) / 2, b.y - (dy * b.h) / 2];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1, [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
    const tip = [[x2, y2], [x2 - 8 * ux - 3 * uy, y2 - 8 * uy + 3 * ux], [x2 - 8 * ux + 3 * uy, y2 - 8 * uy - 3 * ux]];
    return drawn("g", { class: "edge" }, drawn("title", {}, titles[i]),
      drawn("path", { d: `M${x1.toFixed(1)},${y1.toFixed(1)}L${x2.toFixed(1)},${y2.toFixed(1)}`, fill: "none", stroke: "#666666" }),
      drawn("polygon", { points: tip.map((p) => p.map((c) => c.toFixed(1)).join()).join(" "), fill: "#666666", stroke: "#666666" }));
  });
  const picture = drawn("svg", { viewBox: `0 0 ${Math.ceil(w)} ${Math.ceil(h)}` },
    drawn("g", { class: "graph" }, ...edgeParts, ...nodes.map(plainNode)));
  return new XMLSerializer().serializeToString(picture);
}
function plainNode(node) {
  const lines = plainText((node.label ?? "\\N").replace(/\\N/g, () => node.name)).split(/\\[nlr]|\n/).filter((line) => line.trim());
  const fill = (node.style || "").includes("filled") ? (node.fillcolor || node.color || "#e8e8e8").split(/[:;]/)[0] : "#ffffff";
  const size = Number(node.fontsize || 14);
  return drawn("g", { class: "node" }, drawn("title", {}, node.name),
    drawn("rect", { x: node.x - node.w / 2, y: node.y - node.h / 2, width: node.w, height: node.h, rx: 5, fill,
      stroke: (node.color || "#444444").split(/[:;]/)[0] }),
    ...lines.map((line, i) => drawn("text", { x: node.x, y: node.y + (i - (lines.length - 1) / 2) * size * 1.2 + size * 0.33,
      "text-anchor": "middle", "font-family": "Helvetica,Arial,sans-serif", "font-size": size, fill: node.fontcolor || "#000000" }, line)));
}
// Graphviz does not say which labels are HTML; character references count in both kinds.
function plainText(label) {
  const marked = /<\/?(br|b|i|u|s|o|font|table|tr|td|sub|sup)\b/i.test(label);
  const text = marked ? label.replace(/<br[^>]*>|<\/tr>/gi, "\n") : label.replace(/</g, "&lt;");
  return new DOMParser().parseFromString(text, "text/html").body.textContent;
}
function ranks(nodes, links) {
  for (const node of nodes) Object.assign(node, { rank: 0, waits: 0, above: [], below: [], w: node.width * 72, h: node.height * 72 });
  for (const [a, b] of links) if (a !== b) { a.below.push(b); b.above.push(a); b.waits++; }
  const ready = nodes.filter((node) => !node.waits);
  for (let i = 0; i < ready.length; i++) {
    for (const next of ready[i].below) {
      next.rank = Math.max(next.rank, ready[i].rank + 1);
      if (!--next.waits) ready.push(next);
    }
  }
  // Every node stands just above its first reader: the inputs of an unrolled network go down with time.
  for (const node of ready.reverse()) {
    if (node.below.length) node.rank = Math.max(node.rank, node.below.reduce((m, n) => Math.min(m, n.rank), Infinity) - 1);
  }
  const rows = [];
  for (const node of nodes) (rows[node.rank] ??= []).push(node);
  const full = rows.filter(Boolean);
  for (const row of full) row.forEach((node, i) => { node.at = i - row.length / 2; });
  return full;
}
function order(rows, down) {
  for (const row of down ? rows : [...rows].reverse()) {
    for (const node of row) {
      const near = down ? node.above : node.below;
      node.wish = near.length ? near.reduce((sum, other) => sum + other.at, 0) / near.length : node.at;
    }
    row.sort((a, b) => a.wish - b.wish);
    row.forEach((node, i) => { node.at = i - row.length / 2; });
  }
}
function arrange(rows, sideways, backwards) {
  const [across, along] = sideways ? ["h", "w"] : ["w", "h"];
  const size = (row) => row.reduce((sum, node) => sum + node[across] + 26, 0);
  const tall = (row) => row.reduce((most, node) => Math.max(most, node[along]), 0) + (sideways ? 60 : 34);
  const wide = rows.reduce((most, row) => Math.max(most, size(row)), 0) + 80;
  const long = rows.reduce((sum, row) => sum + tall(row), 0);
  // A graph like a thread is folded into columns, as a newspaper is, so that the whole of it fits a window.
  const columns = long > 6 * wide ? Math.round(Math.sqrt(long / wide / 1.6)) : 1;
  let depth = 0, column = 0;
  for (const row of backwards ? [...rows].reverse() : rows) {
    const height = tall(row);
    if (column < columns - 1 && depth >= long / columns) { column++; depth = 0; }
    let position = 20 + (column + 0.5) * wide - size(row) / 2;
    for (const node of row) {
      const [a, b] = [position + node[across] / 2, 20 + depth + (height - (sideways ? 60 : 34)) / 2];
      [node.x, node.y] = sideways ? [b, a] : [a, b];
      position += node[across] + 26;
    }
    depth += height;
  }
}
