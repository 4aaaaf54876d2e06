"""What the doctor finds."""

import pytest

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
    rate, _ = doctor.measure_blas(size=(64, 64, 64))
    assert rate > 0


def test_a_core_that_cannot_run_is_no_crash(monkeypatch):
    monkeypatch.setattr(doctor, "_PROBE", "import sys; sys.exit(1)")
    assert doctor.measure_blas() is None
    assert "could not be measured" in doctor.doctor()


@pytest.fixture
def amd(monkeypatch):
    """Return a function that pretends a processor and two measured speeds."""

    def pretend(usual, wide, kernels="Haswell", flags=("avx512f",), model="AMD EPYC"):
        monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
        monkeypatch.setattr(doctor, "processor", lambda: (model, frozenset(flags)))
        monkeypatch.setattr(doctor, "measure_blas", lambda core=None: (wide, "SkylakeX") if core else (usual, kernels))
        return doctor.doctor()

    return pretend


def test_the_advice_for_amd_with_avx512(amd):
    text = amd(107, 214)
    assert "107 GFLOP/s" in text
    assert "2.0 times as fast after: export OPENBLAS_CORETYPE=SkylakeX" in text


def test_no_advice_where_it_gains_nothing_or_does_not_apply(amd):
    assert "leave it" in amd(200, 205)
    assert "advice" not in amd(200, 900, kernels="SkylakeX")
    assert "advice" not in amd(200, 900, kernels=None)
    assert "advice" not in amd(200, 900, flags=())
    assert "advice" not in amd(200, 900, model="Intel Xeon")


def test_the_processor_is_read_where_the_system_tells(monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nvendor_id : AuthenticAMD\nmodel name : EPYC 9654\nflags : fpu avx512f\n")
    monkeypatch.setattr(doctor, "Path", lambda path: cpuinfo)
    assert doctor.processor() == ("EPYC 9654 (AuthenticAMD)", {"fpu", "avx512f"})
    cpuinfo.unlink()
    assert doctor.processor()[1] == frozenset()
