"""Reading and writing .t7 files as generic objects: what Torch7 wrote, every type, sharing, cycles and depth."""

import io
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from t7_files import BINARY, FILES, GRAPHS, Bytes, ShortLongs, assert_same

from pygraph_nn.errors import RangeError, T7Error
from pygraph_nn.memory import root
from pygraph_nn.t7.format import STORAGE_CLASSES, TENSOR_CLASSES, T7Function, T7Object, T7Pairs, T7Storage
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import _Writer, write

FORMATS = ("binary", "ascii")


def load(data, **options):
    return read(io.BytesIO(data.data if isinstance(data, Bytes) else data), **options)


def dump(obj, format="binary", **options):
    file = io.BytesIO()
    write(file, obj, format, **options)
    return file.getvalue()


def short_longs(obj):
    file = io.BytesIO()
    _Writer(ShortLongs(file), None).write(obj)
    return file.getvalue()


def again(obj, format="binary"):
    return load(dump(obj, format))


def name_of(path):
    return path.name


# ------------------------------------------------------------------------------------------------ Torch7's own files


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_of_torch7_is_written_back_byte_for_byte(path):
    assert dump(read(path), "ascii" if ".ascii." in path.name else "binary") == path.read_bytes()


@pytest.mark.parametrize("path", BINARY, ids=name_of)
def test_both_formats_hold_the_same(path):
    assert_same(read(path), read(path.with_suffix(".ascii.t7")))


@pytest.mark.parametrize("path", GRAPHS[::3], ids=name_of)
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_in_the_other_format_reads_equal(path, format):
    assert_same(read(path), again(read(path), format))


@pytest.mark.parametrize("path", BINARY, ids=name_of)
def test_longs_of_four_bytes_are_found_out(path):
    obj = read(path)
    data = short_longs(obj)
    assert len(data) < len(dump(obj))
    assert_same(load(data), obj)


def test_a_record_of_torch7_is_what_it_says():
    record = read(next(path for path in BINARY if path.name == "shared_weights.t7"))
    assert record["net"].class_name == "nn.gModule"
    assert [p.shape for p in record["params"]] == [g.shape for g in record["gradParams"]]
    assert all(p.dtype == np.float64 and p.flags.writeable and p.flags.aligned for p in record["params"])
    assert record["forward_seed"] == int(record["forward_seed"])


# -------------------------------------------------------------------------------------------------- values and tables

VALUES = [None, True, False, 0, 1, -7, 2**53, -(2**53), 0.5, -0.0, math.inf, -math.inf, math.pi, 5e-324, 1e300, 2.0**60]
TEXTS = ["", "a", "two\nlines\n", "ß €", "\0", b"\xff\xfe".decode("utf-8", "surrogateescape")]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", VALUES + TEXTS, ids=repr)
def test_plain_values(value, format):
    assert_same(again(value, format), value)
    assert_same(again({"x": value}, format), {"x": value})


@pytest.mark.parametrize("format", FORMATS)
def test_nan_keeps_its_sign(format):
    signs = [math.copysign(1, again(math.copysign(math.nan, sign), format)) for sign in (1, -1)]
    assert signs == [1, -1]


def test_bytes_are_strings_and_numpy_numbers_numbers():
    values = [b"ab", bytearray(b"cd"), np.float32(0.5), np.int8(3), np.bool_(True)]
    assert again(values) == ["ab", "cd", 0.5, 3, True]


TABLES = [
    [],
    [1, 2, [3, []]],
    [None, 2, None],
    {"a": 1, "b": {"c": "d"}},
    {1: "one", 3: "three"},
    {0: "zero", 1: "one"},
    {0.5: 1, -1: 2, math.inf: 3},
    {True: 1, False: 0},
    {True: 1, 2: 2},
    {"1": "text", 1: "number", "n": 2},
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("table", TABLES, ids=repr)
def test_tables(table, format):
    assert_same(again(table, format), table)


def test_keys_from_1_to_n_are_a_list_in_any_order():
    assert again({2: "b", 1: "a"}) == ["a", "b"]
    assert again((1, (2,))) == [1, [2]]


@pytest.mark.parametrize("format", FORMATS)
def test_keys_that_no_dict_can_hold(format):
    key = np.arange(3.0)
    pairs = again(T7Pairs([(key, "array"), ([1], key), (True, "true"), (1, "one")]), format)
    assert type(pairs) is T7Pairs and [value for _, value in pairs[2:]] == ["true", "one"]
    assert pairs[0][0] is pairs[1][1] and pairs[1][0] == [1]
    assert_same(again(pairs, format), pairs)
    assert type(again(T7Pairs([(True, "true"), (1, "one")]), format)) is T7Pairs


def test_objects_as_keys():
    node = T7Object("graph.Node", fields={"id": 1})
    seen, same = again([{node: "seen"}, node])
    assert list(seen) == [same] and seen[same] == "seen"


def test_the_later_of_two_equal_keys_counts():
    assert load(Bytes().table(1, 2).string("a").number(1).string("a").number(2)) == {"a": 2}


# ------------------------------------------------------------------------------------------- identity, cycles, depth


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_one_stays_one(format):
    shared, array = {"x": 1}, np.ones(2)
    one, two, three, first, second = again([shared, shared, {"x": 1}, array, array], format)
    assert one is two and one is not three and first is second


def test_a_tuple_is_a_value():
    size = (3, 4)
    one, two = again([size, size])
    assert one == two == [3, 4] and one is not two


def _cycles():
    ring = [1]
    ring.append(ring)
    named = {"a": 1}
    named["self"] = named
    mixed = {1: "one", "deep": {"list": [0]}}
    mixed["deep"]["list"].append(mixed)
    node = T7Object("nngraph.Node", fields={"children": []})
    node.fields["children"].append(T7Object("nngraph.Node", fields={"parent": node, "of": node.fields["children"]}))
    pairs = T7Pairs([([], 1)])
    pairs.append(([2], pairs))
    pairs[0][0].append(pairs)
    function = T7Function(b"code", [{"name": "f", "id": 1}])
    function.upvalues[0]["value"] = function
    vec = T7Object("tds.Vec", "V 0", [1])
    vec.fields.append(vec)
    return [ring, named, mixed, node, pairs, function, vec]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("obj", _cycles(), ids=lambda obj: type(obj).__name__)
def test_cycles_close(obj, format):
    assert_same(again(obj, format), obj)
    assert_same(again([obj, {"again": obj}], format), [obj, {"again": obj}])


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"x": x}, lambda x: T7Object("my.Node", fields={"x": x})])
def test_depth_is_no_limit(wrap, format):
    obj = "bottom"
    for _ in range(20_000):
        obj = wrap(obj)
    obj = again(obj, format)
    for _ in range(20_000):
        obj = obj.fields if isinstance(obj, T7Object) else obj
        obj = obj[0] if isinstance(obj, list) else obj["x"]
    assert obj == "bottom"


_texts = st.text(st.characters(exclude_categories=["Cs"]))
_leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(), _texts)
_keys = st.one_of(_texts, st.floats(allow_nan=False).filter(lambda x: x not in (0, 1)))
_nested = st.recursive(_leaves, lambda x: st.one_of(st.lists(x), st.dictionaries(_keys, x, min_size=1)))


@given(_nested, st.sampled_from(FORMATS))
def test_any_nesting_is_written_back_as_it_was(obj, format):
    data = dump(obj, format)
    assert dump(load(data), format) == data


# ------------------------------------------------------------------------------------------------------------ tensors

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_every_type(dtype, format):
    array = (np.random.default_rng(0).standard_normal((3, 4, 2)) * 100).astype(dtype)
    got = again([array, T7Storage(array[0, 0]), array[:0]], format)
    assert_same(got[0], array)
    assert got[1].array.dtype == array.dtype and list(got[1]) == array[0, 0].tolist()
    assert got[2].shape == (0,) and got[2].dtype == array.dtype


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_special_numbers_in_tensors(dtype, format):
    limits = np.finfo(dtype)
    small = [-0.0, limits.tiny, limits.smallest_subnormal]
    array = np.array([np.nan, -np.nan, np.inf, -np.inf, limits.max, *small], dtype)
    got = again(array, format)
    assert_same(got, array)
    assert np.array_equal(np.signbit(got), np.signbit(array))


@pytest.mark.parametrize("name", sorted(TENSOR_CLASSES))
def test_every_tensor_class_even_a_gpus(name):
    dtype, storage = TENSOR_CLASSES[name], name.replace("Tensor", "Storage")
    assert STORAGE_CLASSES[storage] == dtype
    got = load(Bytes().tensor(1, name, (2, 3), (3, 1)).storage(2, storage, range(6), dtype))
    assert_same(got, np.arange(6, dtype=dtype).reshape(2, 3))


def test_a_tensor_is_the_view_that_its_strides_say():
    data = Bytes().table(1, 3)
    data.number(1).tensor(2, "torch.IntTensor", (2, 3), (1, 2), 2).storage(3, "torch.IntStorage", range(8), "int32")
    data.number(2).tensor(4, "torch.IntTensor", (4, 2), (0, 1), 1).int(4, 3)
    data.number(3).tensor(5, "torch.IntTensor", (1, 2), (77, 7), 1).int(4, 3)
    transposed, expanded, apart = load(data)
    assert transposed.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert expanded.tolist() == [[0, 1]] * 4 and expanded.strides[0] == 0
    assert apart.tolist() == [[0, 7]]
    transposed[0, 0] = 70
    assert expanded[3, 1] == 70
    assert_same(again([transposed, expanded, apart]), [transposed, expanded, apart])


def test_empty_tensors_keep_their_type():
    assert again(np.empty((0, 3), "float32")).dtype == np.float32
    data = Bytes().tensor(1, "torch.LongTensor", (), ()).storage(2, "torch.LongStorage", [5], "int64")
    assert_same(load(data), np.empty(0, np.int64))


def test_arrays_that_torch7_would_not_know_as_they_are():
    assert again(np.array(3.5)).tolist() == [3.5]
    assert_same(again(np.array([True, False])), np.array([1, 0], np.uint8))
    assert_same(again(np.arange(4, dtype=">i4")), np.arange(4, dtype=np.int32))
    assert_same(again(np.arange(6)[::-2]), np.array([5, 3, 1]))
    assert_same(again(np.zeros(2, "i1,i4")["f1"]), np.zeros(2, np.int32))
    with pytest.raises(T7Error, match="no tensor of type uint32.*in net.weight") as caught:
        dump({"net": {"weight": np.zeros(2, "uint32")}})
    assert caught.value.path == "net.weight"


# ------------------------------------------------------------------------------------------------------------ sharing


@pytest.mark.parametrize("format", FORMATS)
def test_views_of_one_memory_stay_views_of_one_memory(format):
    flat = np.arange(10.0)
    got = again({"flat": flat, "w": flat[:6].reshape(2, 3), "wt": flat[:6].reshape(2, 3).T, "b": flat[6:]}, format)
    assert len({id(root(array)) for array in got.values()}) == 1
    got["flat"][:] = 7
    assert (got["wt"] == 7).all() and (got["b"] == 7).all()


def test_a_flat_vector_of_parameters_stays_flat_without_standing_in_the_file():
    flat = np.arange(100.0)
    w, b = again([flat[:60].reshape(6, 10), flat[70:]])
    assert root(w) is root(b) and root(w).size == 100


def test_overlapping_arrays_share_even_where_numpy_names_no_common_base():
    memory = bytearray(80)
    one, two = np.frombuffer(memory, np.float64, 6), np.frombuffer(memory, np.float64, 6, 32)
    assert root(one) is not root(two)
    a, b = again([one, two])
    a[5] = 3
    assert b[1] == 3 and root(a).size == 10


def test_a_small_view_does_not_bring_a_large_base_along():
    data = np.zeros((1000, 100))
    assert len(dump(data[7:9])) < 2000
    assert len(dump([data[7:9], data[700:702]])) < 4000
    assert len(dump(data[:, 3])) < 9000
    assert len(dump(np.broadcast_to(data[:1], (1000, 100)))) < 1000
    assert_same(again(data[:, 3]), data[:, 3])
    batch, whole = again([data[7:9], data])
    assert root(batch) is root(whole)


def test_a_large_base_is_written_once_however_many_views_there_are():
    data = np.zeros((100, 100))
    assert len(dump([data[i] for i in range(100)] + [data])) < data.nbytes + 12_000


def test_equal_addresses_of_different_types_stay_apart():
    ints = np.arange(4)
    got = again([ints, ints.view(np.float64), ints])
    assert got[0] is got[2] and got[0].dtype == np.int64 and got[1].dtype == np.float64


def test_a_storage_by_itself_is_that_of_its_tensors():
    storage = T7Storage(np.arange(4.0))
    got, tensor, again_ = again([storage, storage.array.reshape(2, 2), storage])
    assert got is again_ and root(tensor) is got.array
    part = T7Storage(storage.array[1:3])
    assert [list(x) if isinstance(x, T7Storage) else x.tolist() for x in again([storage.array, part])] == [
        [0, 1, 2, 3],
        [1, 2],
    ]
    assert list(again(T7Storage(np.arange(6)[::2]))) == [0, 2, 4]
    assert len(again(T7Storage(np.empty(0)))) == 0


# --------------------------------------------------------------------------------------- functions, classes, objects


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [6, 7, 8])
def test_functions_keep_their_bytes(kind, format):
    function = T7Function(b"\x1bLJ\x01\0\n", [{"name": "x", "id": 1, "value": 3}], kind)
    got, same = again([function, function], format)
    assert_same(got, function)
    assert (got is same) == (kind != 6)
    assert not callable(got)


@pytest.mark.parametrize("format", FORMATS)
def test_classes_with_a_layout_of_their_own(format):
    objects = [
        T7Object("nn.GPU", fields={"_type": "torch.CudaTensor", "device": 1, "modules": []}),
        T7Object("torch.Generator", fields={"state": bytes(range(8)) * 631}),
        T7Object("tds.Hash", "V 0", {"a": np.ones(2), 2: "b"}),
        T7Object("tds.Vec", "V 0", [1, "two", None]),
        T7Object("nn.Old", None, {"weight": np.ones(2)}),
        T7Object("my.Class", "V 1.5", {"1": 1, 1: 2}),
        T7Object("my.Empty", "V 2"),
    ]
    assert_same(again(objects, format), objects)
    assert_same(load(short_longs(objects[4:])), objects[4:])


def test_a_generator_of_a_machine_with_short_longs():
    words, rest = np.arange(624), struct.pack("<dddii", 1, 2, 3, 1, 0)
    short = struct.pack("<IiiI", 7, 1, 1, 5) + words.astype("<u4").tobytes() + rest
    long = struct.pack("<QiiQ", 7, 1, 1, 5) + words.astype("<u8").tobytes() + rest
    data = Bytes("i").table(1, 2).number(1).storage(2, "torch.LongStorage", [3], "int32").number(2)
    data.torch(3, "torch.Generator").data += short
    found = load(data)
    assert found[1].fields["state"] == long
    assert_same(again(found), found)
    assert load(b"4\n1\n3\nV 1\n15\ntorch.Generator\n" + short + b"\n").fields["state"] == long


def test_a_first_long_that_is_a_storages_or_a_counts():
    for long, dtype in ("q", "int64"), ("i", "int32"):
        sizes = Bytes(long).table(1, 2).string("size").storage(2, "torch.LongStorage", [0, 0, 7], dtype)
        assert list(load(sizes.string("end").int(0))["size"]) == [0, 0, 7]
        assert load(Bytes(long).torch(1, "tds.Vec").longs(2).number(3).number(4)).fields == [3, 4]
        empty = Bytes(long).table(1, 2).number(1).tensor(2, "torch.FloatTensor", (), ()).int(0).number(2).int(0)
        assert_same(load(empty), [np.empty(0, np.float32), None])
    data = Bytes("i").storage(1, "torch.LongStorage", [0, 1], "int32")
    assert list(load(data, long_size=4)) == [0, 1]


class Thing:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        raise AssertionError("identity is what counts")

    __hash__ = None


def test_the_readers_hook_makes_objects_in_which_cycles_close():
    child = T7Object("my.Thing", "V 3", {"array": np.ones(2)})
    parent = T7Object("my.Thing", "V 3", {"child": child, "list": [child], "other": T7Object("their.Thing")})
    child.fields["parent"] = parent
    order = []

    def classes(name, version):
        assert version in (1, 3)
        if name.startswith("my."):
            thing = Thing(name)
            return thing, lambda fields: order.append(thing) or thing.__dict__.update(fields)
        return None

    got = load(dump(parent), classes=classes)
    assert type(got) is Thing and got.child.parent is got and got.list[0] is got.child
    assert [id(thing) for thing in order] == [id(got.child), id(got)]
    assert got.other.class_name == "their.Thing"

    def record(value):
        return T7Object(value.name, "V 3", {k: v for k, v in vars(value).items() if k != "name"})

    fields = load(dump(got, record=record)).fields
    assert fields["child"].fields["parent"].fields is fields and fields["list"][0] is fields["child"]


def test_a_record_may_stand_for_a_list_of_ones_own():
    class Mine(list):
        pass

    mine = Mine([1])
    assert again([mine]) == [[1]]
    got = load(dump([mine, mine], record=lambda x: T7Object("my.Mine", fields={"n": len(x)})))
    assert got[0] is got[1] and got[0].fields == {"n": 1}


# ----------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("obj", "words", "path"),
    [
        ({"net": {"modules": [0, {1, 2}]}}, "no place for a builtins.set", "net.modules[2]"),
        ([2**53 + 1], "cannot hold 9007199254740993", "[1]"),
        ([10**400], "cannot hold", "[1]"),
        ([np.int64(2**53 + 1)], "cannot hold 9007199254740993", "[1]"),
        ({"a": {None: 1}}, "key cannot be None", "a"),
        ({"a": {math.nan: 1}}, "key cannot be nan", "a"),
        ({"a": {np.float32("nan"): 1}}, "key cannot be nan", "a"),
        ([T7Pairs([(1, 2, 3)])], r"pairs \(key, value\), not \(1, 2, 3\)", "[1]"),
        ([T7Object(5)], "a str, .* not 5", "[1]"),
        ([T7Object("my.Class", fields=[1])], "are a dict or T7Pairs, not list", "[1]"),
        ([T7Object("nn.GPU", fields=[1])], "are a dict or T7Pairs, not list", "[1]"),
        ([T7Object("torch.Generator", fields={"state": b"5"})], "5048 bytes", "[1]"),
        ([T7Function(5)], "code is bytes, not 5", "[1]"),
        ({"a b": "\ud800"}, "surrogates not allowed", "['a b']"),
        ([np.zeros(2, complex)], "no tensor of type complex128", "[1]"),
        ([[object]], "no place for a builtins.type", "[1][1]"),
    ],
)
def test_what_has_no_place_in_a_file_is_refused_with_its_path(obj, words, path):
    with pytest.raises(T7Error, match=words) as caught:
        dump(obj)
    assert caught.value.path == path


def test_a_format_is_binary_or_ascii():
    with pytest.raises(RangeError, match="'binary' or 'ascii', not 'text'"):
        dump(1, "text")
