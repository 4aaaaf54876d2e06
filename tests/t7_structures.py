"""What one generic object must have in common with another that Torch7 wrote: every field, of the same kind."""

import numpy as np

from pygraph_nn.t7.format import T7Object, T7Pairs, T7Storage

PLAIN = (str, int, float, bool, type(None))


def kind(value):
    """The kind of a field, as Torch7's methods care for it.

    >>> kind([]), kind(np.zeros(2)), kind(True), kind(2), kind(0.5)
    ('table', 'tensor', 'boolean', 'number', 'number')
    """
    if isinstance(value, T7Object):
        return value.class_name
    for name, types in (("table", (list, dict)), ("tensor", np.ndarray), ("storage", T7Storage), ("boolean", bool)):
        if isinstance(value, types):
            return name
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def entries(value):
    """The entries of a table or an object: those with plain keys as a dict, those with objects as keys in order."""
    table = value.fields if isinstance(value, T7Object) else value
    if not isinstance(table, T7Pairs):
        table = table.items() if isinstance(table, dict) else enumerate(table, 1)
    pairs = list(table)
    plain = {key: part for key, part in pairs if isinstance(key, PLAIN)}
    keyed = [(key, part) for key, part in pairs if not isinstance(key, PLAIN)]
    return plain, sorted(keyed, key=lambda pair: pair[1] if pair[1] is not True else pair[0].fields["id"])


def assert_holds(ours, theirs):
    """Assert that ``ours`` has every field of ``theirs``, equal and shared in the same places; it may have more."""
    partner, todo = {}, [(ours, theirs, "")]
    while todo:
        a, b, path = todo.pop()
        assert kind(a) == kind(b), path
        if isinstance(b, PLAIN):
            assert a == b, path
        elif isinstance(b, np.ndarray):
            assert a.shape == b.shape and (a.size == 0 or a.dtype == b.dtype and np.array_equal(a, b)), path
        elif isinstance(b, T7Storage):
            assert list(a) == list(b), path
        elif id(b) in partner:
            assert partner[id(b)] is a, path
        else:
            partner[id(b)] = a
            (plain, keyed), (their_plain, their_keyed) = entries(a), entries(b)
            assert their_plain.keys() <= plain.keys(), (path, their_plain.keys() - plain.keys())
            assert len(keyed) == len(their_keyed), path
            todo += [(plain[key], part, f"{path}.{key}") for key, part in their_plain.items()]
            for pair, their_pair in zip(keyed, their_keyed):
                todo += [(one, other, f"{path}[{n}]") for n, (one, other) in enumerate(zip(pair, their_pair))]
