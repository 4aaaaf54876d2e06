"""Two processes over gloo on one machine take the steps of one process with the whole batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn

pytest.importorskip("torch", reason="the example trains with PyTorch, which is not installed")
pytestmark = pytest.mark.torch
ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--size", "8", "--layers", "2", "--batch", "8", "--length", "6", "--steps", "6", "--rate", "0.01", "--double"]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def run(*before, losses, save):
    """Run the example as a user would; return its losses and the network it saved."""
    example = str(ROOT / "examples" / "distributed_char_rnn.py")
    command = [sys.executable, *before, example, *SMALL, "--losses", str(losses), "--save", str(save)]
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    ended = subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return np.array(json.loads(losses.read_text())), nn.load(save)


def test_it_runs_as_a_module_and_refuses_a_missing_folder_before_the_training(tmp_path):
    command = [sys.executable, "-m", "examples.distributed_char_rnn", "--save", str(tmp_path / "none" / "net.t7")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 1
    assert "net.t7 cannot be written: there is no folder" in ended.stderr


def test_two_processes_take_the_steps_of_one(tmp_path):
    alone, one = run(losses=tmp_path / "one.json", save=tmp_path / "one.t7")
    shared, two = run(*TORCHRUN, losses=tmp_path / "two.json", save=tmp_path / "two.t7")
    assert alone.shape == (6,) and alone[-1] < alone[0]
    np.testing.assert_allclose(shared, alone, rtol=1e-10)
    for mine, theirs in zip(one.parameters()[0], two.parameters()[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-9)
