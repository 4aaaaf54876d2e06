"""What the doctor finds."""

import pytest

from pygraph_nn import blas
from pygraph_nn.inspection import doctor, render


def test_versions_blas_threads_graphviz_and_extras_are_named(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    found = dict(doctor.examine())
    assert list(found)[:8] == ["pygraph_nn", "python", "processor", "numpy", "networkx", "BLAS", "threads", "graphviz"]
    assert "OPENBLAS_NUM_THREADS=3" in found["threads"]
    assert found["BLAS"] != "unknown"
    assert {"torch", "onnx", "onnxruntime", "safetensors", "matplotlib"} < set(found)


def test_what_is_missing_is_said_with_its_remedy(monkeypatch):
    def missing(package):
        raise doctor.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(doctor.metadata, "version", missing)
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    text = doctor.doctor(measure=False)
    assert "pip install 'pygraph_nn[torch]'" in text
    assert "apt install graphviz" in text
    assert "GFLOP/s" not in text


def test_the_speed_is_measured_in_a_process_of_its_own():
    _, rates = doctor.measure_blas(layers=[(64, 64, 64), (2, 3, 4)])
    assert len(rates) == 2 and min(rates) > 0


def test_the_other_kernels_are_those_that_the_process_takes():
    core = doctor.alternative()
    if core is None:
        pytest.skip("this processor has no AVX-512, or numpy another BLAS")
    kernels, _ = doctor.measure_blas(core, layers=[(2, 3, 4)])
    assert kernels == core != blas.kernels()


def test_a_core_that_cannot_run_is_no_crash(monkeypatch):
    monkeypatch.setattr(doctor, "_PROBE", "import sys; sys.exit(1)")
    assert doctor.measure_blas() is None
    assert "could not be measured" in doctor.doctor()


@pytest.fixture
def machine(monkeypatch):
    """Return a function that pretends a processor and the measured speeds of both kernels."""

    def pretend(usual, other, kernels="Haswell", flags=("avx512f",)):
        monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
        monkeypatch.setattr(doctor, "processor", lambda: ("AMD EPYC", frozenset(flags)))
        monkeypatch.setattr(blas, "kernels", lambda: kernels)
        monkeypatch.setattr(doctor, "measure_blas", lambda core=None: (core, other) if core else (kernels, usual))
        return doctor.doctor()

    return pretend


def test_the_advice_where_openblas_takes_the_slower_kernels(machine):
    text = machine([107, 90, 60], [214, 180, 120])
    assert "Haswell kernels: 107 with many rows, 90 with few, 60 in a narrow layer" in text
    assert "2.0 times as fast after: export OPENBLAS_CORETYPE=SkylakeX" in text
    text = machine([100, 100, 100], [200, 150, 90], kernels="Cooperlake")
    assert "1.4 times as fast after: export OPENBLAS_CORETYPE=Haswell" in text


def test_no_advice_where_it_gains_nothing_or_does_not_apply(machine):
    assert "leave it" in machine([200, 90, 60], [205, 95, 55])
    assert "advice" not in machine([200, 90, 60], [900, 900, 900], kernels=None)
    assert "advice" not in machine([200, 90, 60], [900, 900, 900], flags=())


def test_the_processor_is_read_where_the_system_tells(monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nvendor_id : AuthenticAMD\nmodel name : EPYC 9654\nflags : fpu avx512f\n")
    monkeypatch.setattr(doctor, "Path", lambda path: cpuinfo)
    assert doctor.processor() == ("EPYC 9654 (AuthenticAMD)", {"fpu", "avx512f"})
    cpuinfo.unlink()
    assert doctor.processor()[1] == frozenset()
