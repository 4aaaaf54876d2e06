"""Writes the reference from docstrings and ``__all__`` while mkdocs builds the site: one page for each family.

mkdocs calls the functions named ``on_...``. Nothing is kept in files, so nothing can go stale: a class that its file's
``__all__`` names and that the package re-exports is in the reference, with its docstring as it is.
"""

import ast
import html
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pygraph_nn as nn

__all__ = ["pages", "on_config", "on_files"]

_TORCH7 = "https://github.com/torch/{}/blob/master/{}"


class Family:
    """One file of the package: its name, opening sentence and public names."""

    def __init__(self, module, names):
        self.module = module
        title = module.__name__.rpartition(".")[2].replace("_", " ")
        # gmodule.py holds gModule and nothing else.
        self.title = names[0] if [name.lower() for name in names] == [title] else title
        self.path = f"reference/{module.__name__.removeprefix('pygraph_nn.')}.md"
        self.things = {name: getattr(module, name) for name in names}


# Which families there are --------------------------------------------------------------------------------------------


def rooms():
    """The rooms of the package in reading order: title, and the families with something public in them."""
    return [
        ("Modules", _families("modules", nn)),
        ("Criterions", _families("criterions", nn)),
        ("Graphs", [_single("node", nn), *_families("graph", nn)]),
        ("Recurrent", _families("recurrent", nn)),
        ("Seeing", _families("inspection", nn)),
        ("Training", [_single("training", nn), *_families("optim", nn.optim)]),
        ("Files and bridges", [_package(name) for name in ("t7", "bridges")]),
        ("Beside them", [_single("rng", nn), _single("tensors", nn), *map(_single, ("errors", "testing", "nesting"))]),
    ]


def _families(room, front):
    """The files of a room that ``front`` re-exports something of."""
    package = importlib.import_module(f"pygraph_nn.{room}")
    files = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.ispkg)
    found = [_single(f"{room}.{file}", front) for file in files]
    return [family for family in found if family.things]


def _single(name, front=None):
    module = importlib.import_module(f"pygraph_nn.{name}")
    return Family(module, [n for n in getattr(module, "__all__", ()) if front is None or _is_public(front, n, module)])


def _is_public(front, name, module):
    return getattr(front, name, None) is getattr(module, name)


def _package(name):
    """A room whose own ``__all__`` is its public face."""
    package = importlib.import_module(f"pygraph_nn.{name}")
    return Family(package, package.__all__)


# The pages -----------------------------------------------------------------------------------------------------------


def pages():
    """All pages of the reference: path below docs/ to Markdown text."""
    written = {"reference/index.md": _index()}
    for _, families in rooms():
        for family in families:
            written[family.path] = _page(family)
    return written


def _index():
    lines = ["# Reference", "", "Every public name by the file it lives in, made from the docstrings.", ""]
    for title, families in rooms():
        lines += [f"## {title}", ""]
        for family in families:
            link = family.path.removeprefix("reference/")
            if _computes(family):
                lines += [f"### [{family.title}]({link})", "", _text(_opening(family.module)), ""]
                lines += [*_table(family, link), ""]
            else:
                names = ", ".join(f"[{name}]({link}#{name})" for name in family.things)
                lines += [f"**[{family.title}]({link})**: {names}", ""]
    return "\n".join(lines)


def _computes(family):
    """Tell whether a family's page begins with a table of modules or criterions."""
    return any(_is_layer(thing) for thing in family.things.values())


def _is_layer(thing):
    return inspect.isclass(thing) and issubclass(thing, (nn.Module, nn.Criterion))


def _table(family, link=""):
    lines = ["| | what it computes | Torch7 | PyTorch |", "|---|---|---|---|"]
    for name, thing in family.things.items():
        if _is_layer(thing):
            equation = _text(_opening(thing)).replace("|", "&#124;")
            counterparts = f"{_torch7(thing) or '-'} | {_pytorch(thing) or '-'}"
            lines.append(f"| [{name}]({link}#{name}) | {equation} | {counterparts} |")
    return lines


def _page(family):
    doc = inspect.getdoc(family.module) or ""
    heading = family.title if family.title in family.things else family.title[0].upper() + family.title[1:]
    lines = [f"# {heading}", "", markdown(doc), ""]
    if _computes(family):
        lines += [*_table(family), ""]
    for name, thing in family.things.items():
        lines += _entry(name, thing)
    return "\n".join(lines)


def _entry(name, thing):
    lines = [f"## {name} {{ #{name} }}", ""]
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return [*lines, markdown(inspect.getdoc(thing)), ""]
    if callable(thing):
        lines += ["```python", _signature(name, thing), "```", ""]
        lines += [markdown(_doc(name, thing), equation=_is_layer(thing)), ""]
    else:
        lines += ["```python", f"{name} = {thing!r}", "```", ""]
    if inspect.isclass(thing):
        for key, value in vars(thing).items():
            lines += _method(name, key, value)
    return lines


def _method(owner, key, value):
    """A public method or property with a docstring of its own."""
    plain = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
    doc = plain.__doc__  # an inherited docstring stands with the class that wrote it
    if key.startswith("_") or not doc or not (inspect.isfunction(plain) or isinstance(plain, property)):
        return []
    shown = key if isinstance(plain, property) else _signature(key, plain, skip=isinstance(value, classmethod))
    return [f"### {owner}.{key} {{ #{owner}.{key} }}", "", "```python", shown, "```", "", markdown(doc), ""]


def _doc(name, thing):
    """The docstring; that of a door to a foreign framework is the one it refers to, read without importing it."""
    doc = inspect.getdoc(thing) or ""
    behind = re.search(r"; see ``pygraph_nn\.(bridges\.\w+)", doc)
    if not behind:
        return doc
    path = Path(nn.__file__).parent.joinpath(*behind.group(1).split(".")).with_suffix(".py")
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return ast.get_docstring(statement)
    raise LookupError(f"{name} refers to {path}, which has no function of that name")


def _signature(name, thing, skip=False):
    if inspect.isclass(thing):
        if thing.__init__ is object.__init__:
            return f"class {name}"
        thing = thing.__init__
    signature = inspect.signature(thing)
    kept = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    kept = [p for index, p in enumerate(kept) if not (index == 0 and (skip or p.name in ("self", "cls")))]
    text = f"{name}{signature.replace(parameters=kept, return_annotation=signature.empty)}"
    return text if len(text) <= 90 else _folded(name, kept)


def _folded(name, parameters):
    rows, seen_star = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            rows.append("    *,")
            seen_star = True
        seen_star = seen_star or parameter.kind is parameter.VAR_POSITIONAL
        rows.append(f"    {parameter},")
    return "\n".join([f"{name}(", *rows, ")"])


# What docstrings say -------------------------------------------------------------------------------------------------


def _opening(thing):
    """The first line: what a thing is or computes."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _own_doc(thing):
    return " ".join((inspect.getdoc(thing) or "").split())


def _torch7(thing):
    """The file in Torch7's repositories that the docstring names."""
    found = re.search(r"Torch7's (nn|nngraph|optim|torch7)/([\w/]+\.lua)", _own_doc(thing))
    if not found:
        return ""
    package, file = found.groups()
    name = file.rpartition("/")[2].removesuffix(".lua")
    shown = "same&nbsp;name" if name == thing.__name__ else f"{package}.{name}"
    return f"[{shown}]({_TORCH7.format(package, file)})"


def _pytorch(thing):
    """What the docstring calls PyTorch's counterpart."""
    found = re.search(r"PyTorch's ([A-Za-z_][\w.]*\w(?:\([^)]*\))?)", _own_doc(thing))
    return f"`{found.group(1)}`" if found else ""


def markdown(doc, equation=False):
    """Turn a docstring into Markdown: sections, literal blocks, tables and examples as such, the rest as plain text.

    >>> print(markdown("y = a * b[1], see ``f``."))
    y = a \\* b\\[1\\], see `f`.
    """
    blocks = [block for block in re.split(r"\n\s*\n", inspect.cleandoc(doc)) if block.strip()]
    if equation and blocks:
        first, blocks = blocks[0], blocks[1:]
        opening = [f'<p class="equation">{_inline_html(first)}</p>']
    else:
        opening = []
    return "\n\n".join(opening + [_block(block, before) for block, before in zip(blocks, ["", *blocks])])


def _block(block, before):
    lines = block.split("\n")
    if lines[0].startswith(">>>"):
        return "\n".join(["```pycon", *lines, "```"])
    if lines[0].startswith("    ") or lines[0].startswith("==="):
        return "\n".join(["```text" if lines[0].startswith("=") else "```python", *_dedented(lines), "```"])
    if len(lines) > 1 and re.fullmatch(r"-{3,}", lines[1]):
        return "\n".join([f"**{lines[0]}**", "", *_items(lines[2:])])
    if block.strip() == "::":
        return ""
    return _text(re.sub(r"::$", ":", block))


def _dedented(lines):
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return [line[margin:] for line in lines]


def _items(lines):
    """A numpy-style section as a list: name, type, and what is indented below."""
    items = []
    for line in lines:
        if line.startswith(" ") and items:
            items[-1] += " " + line.strip()
        else:
            items.append(line)
    shown = []
    for item in items:
        name, colon, rest = item.partition(" : ")
        shown.append(f"- **{_text(name)}**: {_text(rest)}" if colon else f"- {_text(item)}")
    return shown


def _text(text):
    """Plain text, whose ``code`` stays code and in which nothing else is markup."""
    parts = re.split(r"(``.+?``)", text, flags=re.DOTALL)
    return "".join(f"`{p[2:-2]}`" if p.startswith("``") and len(p) > 4 else _escaped(p) for p in parts)


def _escaped(text):
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", html.escape(text, quote=False))


def _inline_html(text):
    return re.sub(r"``(.+?)``", r"<code>\1</code>", html.escape(text, quote=False), flags=re.DOTALL)


# mkdocs --------------------------------------------------------------------------------------------------------------


def on_config(config):
    """Put the pages of the reference into the navigation, behind the index."""
    entries = [{title: [{f.title: f.path} for f in families]} for title, families in rooms()]
    for entry in config.nav:
        if isinstance(entry, dict) and "Reference" in entry:
            entry["Reference"] = ["reference/index.md", *entries]
    return config


def on_files(files, config):
    """Hand the pages to mkdocs."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files
