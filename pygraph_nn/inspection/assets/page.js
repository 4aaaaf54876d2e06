// Draws the graph, moves it about, finds nodes and tells about them. Text from the graph enters only as text.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const root = document.documentElement, canvas = $("canvas"), panel = $("panel"), search = $("search"), matches = $("matches");
const PATIENCE = 4000; // milliseconds for Graphviz's layout before a plain one is shown in the meantime
const GIVE_UP = 120000;
const info = new Map(Object.entries(data.nodes));
const groups = new Map(); // node id -> its element
let edgeElements = [], edges = [], nodeCount = 0; // edges: [tail id, head id]
let svg = null, original = "", view = { x: 0, y: 0, k: 1 }, extent = { w: 1, h: 1 };
let selected = null, found = [], cursor = -1, sized = null, fitted = false;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const label = (id) => String(info.get(id)?.name ?? id);
function shape(sizes) {
  if (!Array.isArray(sizes)) return String(sizes);
  const table = sizes.some((size) => typeof size !== "number");
  return sizes.map(shape).join(table ? ", " : " \u00d7 ") || "scalar";
}
function figure(x) {
  if (typeof x !== "number") return x === null || x === undefined ? "\u2013" : String(x);
  if (Number.isInteger(x) && Math.abs(x) < 1e15) return x.toLocaleString("en");
  return Math.abs(x) >= 1e-3 && Math.abs(x) < 1e6 ? String(Number(x.toPrecision(5))) : x.toExponential(3);
}

// ---- Notices ----
function notice(text, bad = false, button = "", action = null) {
  $("notice").hidden = !text;
  $("notice").classList.toggle("bad", bad);
  $("notice-text").textContent = text;
  $("notice-button").hidden = !button;
  $("notice-button").textContent = button;
  $("notice-button").onclick = action;
}

// ---- Drawing ----
async function start() {
  let worker, timer;
  const stop = () => { clearTimeout(timer); worker?.terminate(); };
  const plain = (why) => { if (sized && !svg) { install(plainSVG(sized)); notice(why); } };
  try {
    const packed = Uint8Array.from(atob($("viz").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const url = URL.createObjectURL(new Blob([await new Response(stream).text()], { type: "text/javascript" }));
    worker = new Worker(url);
    worker.onerror = (event) => { stop(); fail(event.message || "the drawing program did not start"); };
  } catch (error) {
    fail("this browser cannot draw the graph: " + error.message);
    return;
  }
  worker.onmessage = ({ data: message }) => {
    if (message.kind === "sized") {
      readGraph(JSON.parse(message.json));
      timer = setTimeout(() => {
        plain("A plain layout, while Graphviz works on a better one\u2026");
        timer = setTimeout(() => { stop(); notice("A plain layout: Graphviz takes too long for a graph of this size."); }, GIVE_UP);
      }, PATIENCE);
    } else if (message.kind === "drawn") {
      stop();
      const show = () => { install(message.svg); notice(""); };
      if (svg) notice("Graphviz's layout is ready.", false, "Show it", show);
      else show();
    } else {
      stop();
      if (!sized) return fail(message.message);
      plain("");
      notice("A plain layout: the graph is too deep or too large for Graphviz.");
    }
  };
  worker.postMessage(data.dot);
}
function fail(message) {
  notice("No picture: " + message, true);
  root.dataset.state = "failed";
}
function readGraph(json) {
  const objects = json.objects || [];
  const nodes = objects.filter((object) => object.width !== undefined && !object.nodes && !object.subgraphs);
  const names = new Map(objects.map((object) => [object._gvid, object.name]));
  edges = (json.edges || []).map((edge) => [names.get(edge.tail), names.get(edge.head)]);
  nodeCount = nodes.length;
  const ports = (edge) => [edge.tail, edge.head].map((gvid, i) => {
    const port = i ? edge.headport : edge.tailport;
    return names.get(gvid) + (port ? ":" + port : "");
  }).join(json.directed ? "->" : "--");
  sized = { nodes, edges, rankdir: json.rankdir || "TB", titles: (json.edges || []).map(ports) };
  const known = nodes.filter((node) => info.has(node.name)).length;
  $("size").textContent = `${figure(known || nodeCount)} nodes \u00b7 ${figure(edges.length)} edges`;
}
function install(text) {
  original = text;
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  for (const bad of parsed.querySelectorAll("script, foreignObject, iframe, parsererror")) bad.remove();
  for (const each of parsed.querySelectorAll("*")) {
    for (const { name } of [...each.attributes]) if (/^on|href$/i.test(name)) each.removeAttribute(name);
  }
  const box = parsed.viewBox.baseVal;
  extent = { w: box.width || 1, h: box.height || 1 };
  for (const name of ["width", "height"]) parsed.removeAttribute(name);
  // The picture's white ground, which a tooltip of the graph wraps in a link: the page has its own.
  const ground = parsed.querySelector("g.graph polygon");
  const whole = ground && !ground.closest(".node, .edge, .cluster") && /^(none|transparent)$/.test(ground.getAttribute("stroke"));
  if (whole && /^(white|#ffffff)$/.test(ground.getAttribute("fill"))) ground.setAttribute("fill", "none");
  svg = document.importNode(parsed, true);
  canvas.replaceChildren(svg);
  index();
  darkColours();
  fit(true);
  root.dataset.state = "ready";
  if (selected !== null) select(selected, false);
  else followHash();
}
function index() {
  groups.clear();
  // Graphviz writes the second of two spaces as a no-break space; names are compared with all spaces alike.
  const alike = (name) => name.replace(/\s+/g, " ");
  const title = (group) => alike(group.querySelector(":scope > title")?.textContent ?? "");
  const ids = new Map([...(sized?.nodes || []).map((node) => node.name), ...info.keys()].map((id) => [alike(id), id]));
  for (const group of svg.querySelectorAll("g.node, g.cluster")) {
    const id = ids.get(title(group)) ?? title(group);
    groups.set(id, group);
    // The browser's own tooltip would show the id in the title; the tooltip of the DOT text is kept.
    const tip = group.querySelector("a")?.getAttributeNS("http://www.w3.org/1999/xlink", "title");
    group.querySelector(":scope > title").textContent = tip || label(id);
    group.dataset.id = id;
    if (info.has(id)) group.classList.add("known");
  }
  const ends = new Map((sized?.titles || []).map((key, i) => [alike(key), edges[i]]));
  edgeElements = [...svg.querySelectorAll("g.edge")].map((group) => [group, ...(ends.get(title(group)) || [])]);
}
// Every colour of the picture gets a dark twin: the same hue, the lightness turned round.
function darkColours() {
  const context = document.createElement("canvas").getContext("2d");
  const twin = (colour) => {
    context.fillStyle = "#000000";
    context.fillStyle = colour;
    const hex = /^#(..)(..)(..)$/.exec(context.fillStyle);
    if (!hex) return null;
    const [r, g, b] = hex.slice(1).map((part) => parseInt(part, 16) / 255);
    const high = Math.max(r, g, b), low = Math.min(r, g, b), light = (high + low) / 2, spread = high - low;
    const hue = !spread ? 0 : high === r ? ((g - b) / spread + 6) % 6 : high === g ? (b - r) / spread + 2 : (r - g) / spread + 4;
    const saturation = !spread ? 0 : spread / (1 - Math.abs(2 * light - 1));
    return `hsl(${(hue * 60).toFixed(0)} ${(saturation * 62).toFixed(0)}% ${(15 + 73 * (1 - light)).toFixed(0)}%)`;
  };
  const rules = [];
  for (const name of ["fill", "stroke"]) {
    const colours = new Set([...svg.querySelectorAll(`[${name}]`)].map((each) => each.getAttribute(name)));
    for (const colour of colours) {
      const dark = /^(none|transparent|url.*)$/.test(colour) ? null : twin(colour);
      if (dark) rules.push(`[data-theme="dark"] #canvas [${name}="${CSS.escape(colour)}"]{${name}:${dark}}`);
    }
  }
  rules.push(`[data-theme="dark"] #canvas text:not([fill]){fill:${twin("#000000")}}`);
  $("twins")?.remove();
  document.head.append(element("style", { id: "twins" }, rules.join("\n")));
}

// ---- View ----
function look() {
  if (!svg) return;
  svg.setAttribute("viewBox", [view.x, view.y, canvas.clientWidth / view.k, canvas.clientHeight / view.k].join(" "));
}
function fit(first = false) {
  const margin = 24, w = canvas.clientWidth - 2 * margin, h = canvas.clientHeight - 2 * margin;
  let k = Math.min(w / extent.w, h / extent.h, 1.6);
  // A graph far longer than the window would open as a thread: begin at its beginning instead.
  const thread = first && k < 0.12 && Math.max(extent.w / extent.h, extent.h / extent.w) > 4;
  if (thread) k = Math.min(Math.max(w / extent.w, h / extent.h, 0.12), 0.8);
  view = { k, x: extent.w / 2 - canvas.clientWidth / 2 / k, y: extent.h / 2 - canvas.clientHeight / 2 / k };
  if (thread && extent.h * k > h) view.y = -margin / k;
  if (thread && extent.w * k > w && extent.w > extent.h) view.x = -margin / k;
  fitted = true;
  look();
}
function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const k = Math.min(Math.max(view.k * factor, 0.002), 40);
  fitted = false;
  view = { k, x: view.x + x / view.k - x / k, y: view.y + y / view.k - y / k };
  look();
}
function centre(id) {
  const group = groups.get(id);
  if (!group) return;
  let box = group.getBoundingClientRect();
  const frame = canvas.getBoundingClientRect();
  const seen = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
  if (seen && view.k > 0.45) return;
  if (view.k < 0.45) zoom(0.9 / view.k);
  box = group.getBoundingClientRect();
  fitted = false;
  view.x += (box.left + box.width / 2 - frame.left - frame.width / 2) / view.k;
  view.y += (box.top + box.height / 2 - frame.top - frame.height / 2) / view.k;
  look();
}
const pointers = new Map();
let pressed = null, moved = 0;
canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  pointers.set(event.pointerId, event);
  if (pointers.size === 1) { pressed = event.target.closest?.(".known") || null; moved = 0; }
});
addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
  moved += Math.hypot(dx, dy);
  if (pointers.size === 2) {
    const other = [...pointers.values()].find((each) => each.pointerId !== event.pointerId), frame = canvas.getBoundingClientRect();
    const far = (each) => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY) || 1;
    zoom(far(event) / far(before), other.clientX - frame.left, other.clientY - frame.top);
  } else if (moved > 4) {
    canvas.classList.add("dragging");
    fitted = false;
    view.x -= dx / view.k;
    view.y -= dy / view.k;
    look();
  }
  pointers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => {
    if (!pointers.delete(event.pointerId)) return;
    canvas.classList.remove("dragging");
    if (name === "pointerup" && pressed && moved <= 4) select(pressed.dataset.id, false);
    pressed = null;
  });
}
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const frame = canvas.getBoundingClientRect(), lines = event.deltaMode ? 20 : 1;
  zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), event.clientX - frame.left, event.clientY - frame.top);
}, { passive: false });
// The panel takes its room from the picture: one that was fitted stays fitted, as in a window made smaller.
const resized = () => (fitted && svg ? fit(true) : look());
new ResizeObserver(resized).observe(canvas);

// ---- A node's panel ----
function select(id, move = true) {
  groups.get(selected)?.classList.remove("selected");
  selected = id;
  for (const [group, tail, head] of edgeElements) {
    group.classList.toggle("out", id !== null && tail === id);
    group.classList.toggle("in", id !== null && head === id);
  }
  panel.hidden = id === null;
  if (id !== null) {
    groups.get(id)?.classList.add("selected");
    fillPanel(id);
  }
  resized();
  if (id !== null && move) centre(id);
  try {
    history.replaceState(null, "", id === null ? "#" : "#node=" + encodeURIComponent(id));
  } catch { /* a frame without an address of its own */ }
}
function fillPanel(id) {
  const { name, module, source, shapes, parameters, values, ...others } = info.get(id) || {};
  const close = element("button", { class: "close", "aria-label": "Close" }, "\u00d7");
  close.onclick = () => select(null);
  panel.replaceChildren(close, element("h2", {}, String(name ?? id)));
  if (module) panel.append(element("div", { class: "module" }, String(module)));
  if (source) panel.append(element("div", { class: "source" }, String(source)));
  const rows = element("dl");
  const row = (key, value) => rows.append(element("dt", {}, key), element("dd", {}, value));
  if (shapes && typeof shapes === "object" && !Array.isArray(shapes)) for (const key in shapes) row(key, shape(shapes[key]));
  else if (shapes) row("shape", shape(shapes));
  if (parameters !== undefined) row("parameters", figure(parameters));
  for (const key in others) row(key, typeof others[key] === "object" ? JSON.stringify(others[key]) : figure(others[key]));
  panel.append(rows);
  neighbours("Inputs", "in", edges.filter(([, head]) => head === id).map(([tail]) => tail));
  neighbours("Goes to", "out", edges.filter(([tail]) => tail === id).map(([, head]) => head));
  for (const [key, value] of Object.entries(values || {})) numbers(key, value, /^grad/i.test(key));
  panel.scrollTop = 0;
}
function neighbours(heading, kind, ids) {
  const links = [...new Set(ids)].map((id) => {
    const button = element("button", {}, label(id));
    button.onclick = () => select(id);
    return button;
  });
  if (links.length) panel.append(element("h3", {}, heading), element("div", { class: "links " + kind }, ...links));
}
function numbers(key, value, gradient) {
  if (!value || typeof value !== "object") return;
  // Tables are counted from 1, as in Torch7.
  if (Array.isArray(value)) { value.forEach((entry, i) => numbers(`${key}[${i + 1}]`, entry, gradient)); return; }
  if (!("dtype" in value)) { for (const part in value) numbers(`${key}.${part}`, value[part], gradient); return; }
  const table = element("dl", { class: "grid" });
  for (const part of ["min", "max", "mean", "std"]) {
    if (part in value) table.append(element("dt", {}, part), element("dd", {}, figure(value[part])));
  }
  panel.append(element("h3", {}, key), element("div", { class: "source" }, `${shape(value.shape)}  ${value.dtype}`));
  for (const [part, text] of [["nan", "NaN"], ["inf", "infinite"]]) {
    if (value[part]) panel.append(element("div", { class: "bad" }, `${figure(value[part])} of ${figure(value.count)} are ${text}`));
  }
  if (value.histogram) panel.append(histogram(value.histogram, gradient), ends(value.histogram));
  if (table.childElementCount) panel.append(table);
}
function histogram({ low, high, counts }, gradient) {
  const most = Math.max(...counts, 1), width = 320 / counts.length;
  const picture = drawn("svg", { class: "histogram" + (gradient ? " gradient" : ""), viewBox: "0 0 320 76", preserveAspectRatio: "none",
    role: "img", "aria-label": `histogram from ${figure(low)} to ${figure(high)}` });
  counts.forEach((count, i) => {
    const height = count ? Math.max((count / most) * 74, 1.5) : 0;
    picture.append(drawn("rect", { x: i * width + 0.6, y: 76 - height, width: width - 1.2, height }, drawn("title", {}, figure(count))));
  });
  if (low < 0 && high > 0) {
    const zero = (-low / (high - low)) * 320;
    picture.append(drawn("line", { x1: zero, x2: zero, y1: 0, y2: 76 }));
  }
  return picture;
}
function ends({ low, high }) {
  const zero = (-low / (high - low)) * 100;
  const inner = zero > 22 && zero < 78 ? element("span", { class: "zero" }, "0") : "";
  if (inner) inner.style.left = zero + "%";
  return element("div", { class: "ends" }, element("span", {}, figure(low)), inner, element("span", {}, figure(high)));
}
function followHash() {
  const wanted = /^#node=(.*)$/s.exec(location.hash);
  if (!wanted) return;
  let key = wanted[1];
  try { key = decodeURIComponent(key); } catch { /* a stray per cent sign: take it as it stands */ }
  const id = info.has(key) ? key : [...info.keys()].find((each) => label(each) === key);
  if (id !== undefined && id !== selected) select(id);
}
addEventListener("hashchange", followHash);

// ---- Search ----
function lookUp() {
  const wanted = search.value.trim().toLowerCase();
  for (const id of found) groups.get(id)?.classList.remove("match-mark");
  found = [];
  cursor = -1;
  if (wanted) {
    const score = (id) => { const at = label(id).toLowerCase().indexOf(wanted); return at < 0 ? 1e6 : at * 1000 + label(id).length; };
    found = [...info.keys()].filter((id) => `${label(id)}\n${info.get(id).module ?? ""}\n${id}`.toLowerCase().includes(wanted));
    const scores = new Map(found.map((id) => [id, score(id)]));
    found.sort((a, b) => scores.get(a) - scores.get(b));
    cursor = found.length ? 0 : -1;
  }
  for (const id of found) groups.get(id)?.classList.add("match-mark");
  listMatches(wanted);
}
function listMatches(wanted) {
  const rows = found.slice(0, 100).map((id, i) => {
    const row = element("div", { class: "match", role: "option", "aria-selected": i === cursor }, label(id),
      element("small", {}, String(info.get(id).module ?? "")));
    row.onmousedown = (event) => { event.preventDefault(); cursor = i; mark(); select(id); };
    return row;
  });
  const count = found.length === 1 ? "1 node" : `${figure(found.length)} nodes`;
  matches.replaceChildren(element("div", { class: "count" }, found.length ? count : "No node of that name"), ...rows);
  matches.hidden = !wanted;
  search.setAttribute("aria-expanded", String(!matches.hidden));
}
function mark() {
  [...matches.querySelectorAll(".match")].forEach((row, i) => {
    row.setAttribute("aria-selected", i === cursor);
    if (i === cursor) row.scrollIntoView({ block: "nearest" });
  });
}
search.addEventListener("input", lookUp);
search.addEventListener("blur", () => { matches.hidden = true; });
search.addEventListener("focus", () => { if (search.value.trim()) matches.hidden = false; });
search.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) {
    const most = Math.min(found.length, 100);
    cursor = (cursor + step + most) % most;
    matches.hidden = false;
    mark();
    event.preventDefault();
  } else if (event.key === "Enter" && cursor >= 0) {
    matches.hidden = true;
    select(found[cursor]);
  }
});

// ---- Keys and buttons ----
addEventListener("keydown", (event) => {
  if ($("licences").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (search.value) { search.value = ""; lookUp(); } else select(null);
    search.blur();
    event.preventDefault();
  } else if (event.target === search) return;
  else if (event.key === "/") { search.focus(); search.select(); event.preventDefault(); }
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || event.target.closest?.("#panel")) return;
    fitted = false;
    view.x += (way[0] * 60) / view.k;
    view.y += (way[1] * 60) / view.k;
    look();
    event.preventDefault();
  }
});
$("zoom-in").onclick = () => zoom(1.25);
$("zoom-out").onclick = () => zoom(0.8);
$("fit").onclick = () => fit();
$("licences-button").onclick = () => $("licences").showModal();
$("download").onclick = () => {
  if (!original) return;
  const url = URL.createObjectURL(new Blob([original], { type: "image/svg+xml" }));
  element("a", { href: url, download: (data.title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "graph") + ".svg" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};
const darkness = matchMedia("(prefers-color-scheme: dark)");
root.dataset.theme = darkness.matches ? "dark" : "light";
darkness.onchange = () => { root.dataset.theme = darkness.matches ? "dark" : "light"; };
$("theme").onclick = () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; };
start();
