"""The documentation's table of counterparts says what is so."""

import pytest

from tests.bridges import table


@pytest.mark.torch
@pytest.mark.onnx
def test_the_table_in_the_documentation_is_up_to_date(capsys):
    for package in ("torch", "onnx"):
        pytest.importorskip(package, reason=f"the table is made with {package}, which is not installed")
    assert table.written() == table.PAGE.read_text(encoding="utf-8"), "run: python -m tests.bridges.table"
