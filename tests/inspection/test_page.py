"""The HTML page: its text anywhere, and what it shows and does wherever there is a Chromium."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from importlib import resources

import numpy as np
import pytest

from pygraph_nn.inspection.page import page, statistics

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVIL = '</script><img src=x onerror="window.hacked=1"><!--{{script}} & \u2028 \\ "\''


# ---- Text ----
def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def test_the_page_carries_its_data_unchanged():
    nodes = {"a": {"name": "x", "parameters": np.int64(7), "shapes": {"output": (np.int32(2), 3)}}}
    data = data_of(page("digraph { a }", nodes, "T"))
    assert data == {
        "dot": "digraph { a }",
        "title": "T",
        "nodes": {"a": {"name": "x", "parameters": 7, "shapes": {"output": [2, 3]}}},
    }


def test_markup_in_names_titles_and_labels_is_inert_text():
    text = page(f"digraph {{ a [label={json.dumps(EVIL)}] }}", {EVIL: {"name": EVIL, "module": EVIL}}, EVIL)
    assert "<img" not in text
    assert text.count("</script>") == 4 - 1
    assert EVIL in data_of(text)["nodes"]
    assert data_of(text)["title"] == EVIL


def test_numbers_that_json_lacks_become_words():
    values = {"a": float("nan"), "b": np.float32("-inf")}
    assert data_of(page("digraph {}", {"n": values}, ""))["nodes"]["n"] == {"a": "nan", "b": "-inf"}


def test_an_unknown_object_is_refused_by_name():
    with pytest.raises(TypeError, match="not object"):
        page("digraph {}", {"n": {"module": object()}}, "")


def test_the_policy_allows_the_page_s_own_script_and_no_address():
    text = page("digraph {}", {}, "")
    script = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert not re.findall(r"""(?:src|href)=["']?(?!data:)[a-z]+:""", text)


def test_the_same_arguments_give_the_same_bytes():
    assert page("digraph { a }", {"a": {}}, "t") == page("digraph { a }", {"a": {}}, "t")


def test_the_library_is_the_one_that_its_licence_file_names():
    assets = resources.files("pygraph_nn.inspection.assets")
    digest = hashlib.sha256(assets.joinpath("viz-standalone.js").read_bytes()).hexdigest()
    assert digest in assets.joinpath("LICENSE-viz.txt").read_text(encoding="utf-8")


def test_the_licences_travel_with_the_page():
    text = page("digraph {}", {}, "")
    for phrase in ("Copyright (c) 2023 Michael Daines", "Eclipse Public License - v 1.0", "Expat maintainers"):
        assert phrase in text


# ---- Statistics ----
def test_statistics_of_an_ordinary_array():
    array = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    found = statistics(array)
    assert (found["shape"], found["dtype"], found["count"]) == ([20, 50], "float32", 1000)
    assert found["mean"] == pytest.approx(array.mean(dtype=float))
    assert found["std"] == pytest.approx(array.std(dtype=float))
    assert (found["min"], found["max"]) == (array.min(), array.max())
    expected, _ = np.histogram(array.astype(float), bins=32)
    assert np.abs(np.array(found["histogram"]["counts"]) - expected).sum() <= 2
    assert sum(found["histogram"]["counts"]) == 1000


@pytest.mark.parametrize(
    ("array", "nan", "inf", "low", "high"),
    [
        (np.zeros((0, 3)), 0, 0, None, None),
        (np.array(5), 0, 0, 5, 5),
        (np.array([True, False]), 0, 0, 0, 1),
        (np.arange(10, dtype=np.uint8), 0, 0, 0, 9),
        (np.array([np.nan, np.inf, -np.inf, 1.0]), 1, 2, 1, 1),
        (np.full(4, np.nan), 4, 0, None, None),
        (np.array([-1.7e308, 1.7e308]), 0, 0, -1.7e308, 1.7e308),
        (np.array([5e-324, 1e-323]), 0, 0, 5e-324, 1e-323),
        (np.array([1.0, np.nextafter(1.0, 2.0)]), 0, 0, 1.0, np.nextafter(1.0, 2.0)),
        (np.array([0.1] * 3), 0, 0, 0.1, 0.1),
        (np.array([-60000, 60000], dtype=np.float16), 0, 0, -60000, 60000),
    ],
)
@pytest.mark.filterwarnings("error")
def test_statistics_of_arrays_that_trip_others(array, nan, inf, low, high):
    found = statistics(array)
    assert (found["nan"], found["inf"], found["min"], found["max"]) == (nan, inf, low, high)
    finite = array.size - nan - inf
    assert (found["histogram"] is None) == (finite == 0)
    if finite:
        assert sum(found["histogram"]["counts"]) == finite
        assert low <= found["mean"] <= high
        assert np.isfinite(found["std"])
    json.dumps(found, allow_nan=False)


def test_statistics_of_tables_follow_their_nesting():
    found = statistics([np.zeros(2), (np.ones((3, 1)), None), {"h": np.zeros(4)}])
    assert found[0]["shape"] == [2]
    assert found[1][0]["shape"] == [3, 1]
    assert found[1][1] is None
    assert found[2]["h"]["shape"] == [4]


def test_statistics_leave_other_things_at_their_shape():
    assert statistics(np.array(["a", "b"])) == {"shape": [2], "dtype": "str32", "count": 2}


# ---- In the browser ----
class Browser:
    """A headless Chromium, spoken to in the DevTools protocol over a pair of pipes."""

    def __init__(self, profile):
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        flags += "--disable-component-update --disable-sync --remote-debugging-pipe --window-size=1400,900"
        # Chromium reads commands from descriptor 3 and answers on 4.
        command = 'exec 8<&"$1" 9>&"$2"; exec 3<&8 4>&9 8<&- 9>&-; shift 2; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", str(to_read), str(to_write), CHROMIUM, *flags.split(),
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._rest, self._count, self._session, self.events = b"", 0, None, []

    def send(self, method, **params):
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self):
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 16)
            assert part, "the browser is gone"
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def open(self, path, fragment="", dark=False):
        self._session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.as_uri() + fragment)
        self.until("!['loading', undefined].includes(document.documentElement?.dataset.state)")
        return self.evaluate("document.documentElement.dataset.state")

    def evaluate(self, expression):
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression, seconds=40):
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < end, f"not within {seconds} s: {expression}"
            time.sleep(0.05)

    def mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def key(self, key, text=""):
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def middle(self, node):
        return self.evaluate(
            "((id) => { const all = [...document.querySelectorAll('g.node')];"
            "const box = all.find((g) => g.dataset.id === id).getBoundingClientRect();"
            f"return [box.x + box.width / 2, box.y + box.height / 2]; }})({json.dumps(node)})"
        )

    def panel(self):
        panel = "document.getElementById('panel')"
        return self.evaluate(f"{panel}.hidden ? '' : {panel}.innerText")

    def complaints(self):
        """Errors, warnings and every request that is not the page itself."""
        self.evaluate("1")
        bad = [e for e in self.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
        urls = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return bad + [url for url in urls if not url.startswith(("file:", "blob:", "data:"))]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def close(self):
        self._session = None
        self.send("Browser.close")
        self._process.wait(20)
        os.close(self._read)
        os.close(self._write)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


FAMILIES = {
    "Identity": "#f2f2f2", "Linear": "#cfe2f7", "CAddTable": "#d8efd3", "CMulTable": "#d8efd3",
    "Narrow": "#fbeecb", "Sigmoid": "#f7d9d3", "Tanh": "#f7d9d3",
}  # fmt: skip
# name, module, output, the nodes it reads
CELL = """
input             | Identity         | 4×10 |
prev_c            | Identity         | 4×5  |
prev_h            | Identity         | 4×5  |
i2h               | Linear(10 → 20)  | 4×20 | input
h2h               | Linear(5 → 20)   | 4×20 | prev_h
preactivations    | CAddTable        | 4×20 | i2h h2h
pre_sigmoid_chunk | Narrow(2, 1, 15) | 4×15 | preactivations
all_gates         | Sigmoid          | 4×15 | pre_sigmoid_chunk
in_chunk          | Narrow(2, 16, 5) | 4×5  | preactivations
in_transform      | Tanh             | 4×5  | in_chunk
in_gate           | Narrow(2, 1, 5)  | 4×5  | all_gates
forget_gate       | Narrow(2, 6, 5)  | 4×5  | all_gates
out_gate          | Narrow(2, 11, 5) | 4×5  | all_gates
c_forget          | CMulTable        | 4×5  | forget_gate prev_c
c_input           | CMulTable        | 4×5  | in_gate in_transform
next_c            | CAddTable        | 4×5  | c_forget c_input
c_transform       | Tanh             | 4×5  | next_c
next_h            | CMulTable        | 4×5  | out_gate c_transform
"""


def lstm():
    """The LSTM cell as a student would like to see it, with made-up numbers at its nodes."""
    random = np.random.default_rng(1)
    lines = [
        'digraph "LSTM" {',
        'graph [rankdir=TB, tooltip="LSTM", bgcolor="white", fontname="Helvetica", nodesep=0.35, ranksep=0.35]',
        'node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=12, color="#5c6672"]',
        'edge [fontname="Helvetica", fontsize=9, color="#7a8491", fontcolor="#5c6672", arrowsize=0.7]',
    ]
    nodes, shapes = {}, {}
    for position, line in enumerate(CELL.strip().splitlines()):
        name, module, shape, inputs = (part.strip() for part in line.split("|"))
        inputs = inputs.split()
        shapes[name] = shape
        lines.append(f'"{name}" [label="{name}\\n{module}", fillcolor="{FAMILIES[module.split("(")[0]]}"]')
        lines += [f'"{tail}" -> "{name}" [label=" {shapes[tail]}"]' for tail in inputs]
        size = [int(part) for part in shape.split("\u00d7")]
        output = np.tanh(random.normal(size=size)) if module != "Sigmoid" else random.uniform(size=size)
        if name == "c_transform":
            output[0, 0] = np.nan
        nodes[name] = {
            "name": name,
            "module": f"nn.{module}",
            "source": f"lstm.py:{12 + position}, in create",
            "shapes": {"input": [shapes[tail] for tail in inputs], "output": shape},
            "parameters": {"i2h": 220, "h2h": 120}.get(name, 0),
            "values": {"output": statistics(output), "gradOutput": statistics(random.normal(size=size) * 1e-3)},
        }
    return "\n".join(lines) + "\n}\n", nodes


@pytest.fixture
def lstm_page(tmp_path):
    path = tmp_path / "lstm.html"
    path.write_text(page(*lstm(), "LSTM cell"), encoding="utf-8")
    return path


@pytest.mark.browser
def test_the_lstm_loads_quietly_with_every_node_legible(browser, lstm_page):
    assert browser.open(lstm_page) == "ready"
    assert browser.complaints() == []
    assert browser.evaluate("document.querySelectorAll('g.node').length") == 18
    assert browser.evaluate("document.querySelectorAll('g.edge').length") == 20
    assert browser.evaluate("document.getElementById('size').textContent") == "18 nodes \u00b7 20 edges"
    heights = "[...document.querySelectorAll('g.node text')].map((t) => t.getBoundingClientRect().height)"
    assert browser.evaluate(f"Math.min(...{heights})") >= 10
    inside = (
        "[...document.querySelectorAll('g.node')].every((g) => {"
        "const shape = g.querySelector('path').getBoundingClientRect();"
        "return [...g.querySelectorAll('text')].every((t) => { const b = t.getBoundingClientRect();"
        "return b.left >= shape.left - 1 && b.right <= shape.right + 1 }) })"
    )
    assert browser.evaluate(inside)


@pytest.mark.browser
def test_a_click_shows_the_right_node(browser, lstm_page):
    browser.open(lstm_page)
    browser.click(*browser.middle("i2h"))
    for text in ("i2h", "nn.Linear(10 \u2192 20)", "lstm.py:15", "220", "4\u00d720", "preactivations", "std"):
        assert text in browser.panel()
    assert browser.evaluate("document.querySelectorAll('#panel svg.histogram').length") == 2
    assert browser.evaluate("document.querySelectorAll('#panel svg.histogram rect').length") == 64
    browser.click(*browser.middle("c_transform"))
    assert browser.panel().split("\n")[1] == "c_transform"
    assert "1 of 20 are NaN" in browser.panel()
    assert browser.evaluate("location.hash") == "#node=c_transform"
    browser.evaluate("document.querySelector('#panel .links.in button').click()")
    assert "next_c" in browser.panel().split("\n")[1]
    browser.key("Escape")
    assert browser.panel() == ""
    assert browser.complaints() == []


@pytest.mark.browser
def test_an_address_opens_its_node(browser, lstm_page):
    browser.open(lstm_page, "#node=out_gate")
    assert "nn.Narrow(2, 11, 5)" in browser.panel()


@pytest.mark.browser
def test_search_by_keyboard_finds_by_name_and_by_module(browser, lstm_page):
    browser.open(lstm_page)
    browser.key("/", "/")
    for letter in "Gate":
        browser.key(letter, letter)
    names = "[...document.querySelectorAll('#matches .match')].map((m) => m.firstChild.textContent)"
    assert sorted(browser.evaluate(names)) == ["all_gates", "forget_gate", "in_gate", "out_gate"]
    assert browser.evaluate("document.querySelectorAll('g.match-mark').length") == 4
    browser.key("ArrowDown")
    browser.key("Enter")
    assert browser.evaluate(names + "[1]") in browser.panel()
    browser.key("Escape")
    assert browser.evaluate("document.getElementById('search').value") == ""
    assert browser.evaluate("document.querySelectorAll('g.match-mark').length") == 0
    browser.key("/", "/")
    for letter in "sigmoid":
        browser.key(letter, letter)
    assert "all_gates" in browser.evaluate(names)


@pytest.mark.browser
def test_zoom_pan_and_fit(browser, lstm_page):
    browser.open(lstm_page)
    box = "document.querySelector('#canvas svg').getAttribute('viewBox').split(' ').map(Number)"
    start = browser.evaluate(box)
    x, y = browser.middle("next_c")
    browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    browser.until(f"{box}[2] < {start[2] * 0.9}")
    assert browser.middle("next_c") == pytest.approx([x, y], abs=3)
    before = browser.middle("next_c")
    browser.mouse("mousePressed", *before, button="left", clickCount=1)
    browser.mouse("mouseMoved", before[0] + 60, before[1] - 40, button="left", buttons=1)
    browser.mouse("mouseReleased", before[0] + 60, before[1] - 40, button="left", clickCount=1)
    assert browser.middle("next_c") == pytest.approx([before[0] + 60, before[1] - 40], abs=1)
    assert browser.panel() == "", "a drag is no click"
    browser.key("0", "0")
    assert browser.evaluate(box) == pytest.approx(start)
    browser.key("+", "+")
    assert browser.evaluate(box)[2] == pytest.approx(start[2] / 1.25)
    browser.key("-", "-")
    assert browser.evaluate(box)[2] == pytest.approx(start[2])


@pytest.mark.browser
def test_dark_mode_turns_the_picture_s_lightness(browser, lstm_page):
    light = "getComputedStyle(document.querySelector('g.node path')).fill"
    browser.open(lstm_page)
    day = sum(map(int, re.findall(r"\d+", browser.evaluate(light))[:3]))
    browser.open(lstm_page, dark=True)
    night = sum(map(int, re.findall(r"\d+", browser.evaluate(light))[:3]))
    assert day > 600
    assert night < 250
    ground = "document.querySelector('#canvas g.graph polygon').getAttribute('fill')"
    assert browser.evaluate(ground) == "none"


@pytest.mark.browser
def test_the_saved_picture_is_the_svg_that_graphviz_drew(browser, lstm_page):
    browser.open(lstm_page)
    browser.evaluate(
        "URL.createObjectURL = (blob) => { window.saved = blob.text(); return 'blob:none'; };"
        "HTMLAnchorElement.prototype.click = function () { window.savedName = this.download; };"
        "document.getElementById('download').click()"
    )
    assert browser.evaluate("window.savedName") == "LSTM-cell.svg"
    saved = browser.evaluate("window.saved")
    assert saved.lstrip().startswith("<?xml")
    assert "pre_sigmoid_chunk" in saved


@pytest.mark.browser
def test_markup_does_nothing_in_the_browser(browser, tmp_path):
    name = EVIL.replace("\\", "")
    quoted = '"' + name.replace('"', '\\"') + '"'
    dot = f'digraph {{ {quoted} [label={quoted}, URL="javascript:window.hacked=2", tooltip={quoted}] {quoted} -> b }}'
    path = tmp_path / "evil #1.html"
    values = {"output": {"<b>": statistics(np.ones(3))}}
    path.write_text(page(dot, {name: {"name": name, "module": name, "values": values}}, name), encoding="utf-8")
    assert browser.open(path) == "ready"
    browser.click(*browser.middle(name))
    assert "onerror" in browser.panel()
    assert browser.evaluate("window.hacked") is None
    assert browser.evaluate("document.querySelectorAll('img, #canvas [onclick]').length") == 0
    assert browser.evaluate("document.title.startsWith('</script>')")
    assert browser.complaints() == []


@pytest.mark.browser
def test_a_graph_that_cannot_be_read_says_so(browser, tmp_path):
    path = tmp_path / "broken.html"
    path.write_text(page("digraph { a -> ", {}, "Broken"), encoding="utf-8")
    assert browser.open(path) == "failed"
    assert "syntax error" in browser.evaluate("document.getElementById('notice').innerText")


@pytest.mark.browser
def test_clusters_ports_and_parallel_edges(browser, tmp_path):
    dot = """digraph { subgraph cluster_net { label="inner"; a; b } a:s -> b:n; a -> b; b -> "c  d" }"""
    nodes = {"cluster_net": {"name": "inner", "module": "nn.Sequential"}, "a": {}, "b": {}, "c  d": {"name": "two"}}
    path = tmp_path / "clusters.html"
    path.write_text(page(dot, nodes, "Clusters"), encoding="utf-8")
    assert browser.open(path, "#node=inner") == "ready"
    assert "nn.Sequential" in browser.panel()
    browser.click(*browser.middle("c  d"))
    assert browser.panel().split("\n")[1] == "two"
    browser.click(*browser.middle("b"))
    assert browser.evaluate("document.querySelectorAll('g.edge.in').length") == 2
    assert browser.evaluate("document.querySelectorAll('g.edge.out').length") == 1


@pytest.mark.browser
def test_five_thousand_nodes_show_within_seconds(browser, tmp_path):
    names = [f"n{i}" for i in range(5000)]
    lines = [f"{a} -> {b}" for a, b in zip(names, names[1:], strict=False)]
    lines += [f"n{i} -> n{i + 7}" for i in range(0, 4990, 5)]
    path = tmp_path / "large.html"
    dot = "digraph {\n" + "\n".join(f'{n} [label="{n}\\nLinear"]' for n in names) + "\n" + "\n".join(lines) + "}"
    path.write_text(page(dot, {n: {"name": n, "module": "nn.Linear"} for n in names}, "Large"), encoding="utf-8")
    started = time.monotonic()
    assert browser.open(path) == "ready"
    assert time.monotonic() - started < 30
    assert browser.evaluate("document.querySelectorAll('g.node.known').length") == 5000
    browser.click(*browser.middle("n3"))
    assert browser.panel().split("\n")[1] == "n3"
    assert browser.complaints() == []
