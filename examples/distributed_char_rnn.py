"""Train the language model of char_rnn.py with PyTorch, on as many processes, GPUs and machines as there are.

    python examples/distributed_char_rnn.py                                           # one process
    torchrun --nproc-per-node 2 examples/distributed_char_rnn.py                      # two on this machine
    torchrun --nnodes 4 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29400 \\
        examples/distributed_char_rnn.py --batch 512 --compile                        # 32 GPUs on four machines

The network is built here and handed over by ``to_torch``; DistributedDataParallel averages the gradients of the
processes, each of which reads its share of the batch, over NCCL where there are GPUs and over gloo where there are not.
The same steps come out, to rounding, however many processes share the batch. ``--save`` brings the trained weights home
and writes the network as a .t7.
"""

import argparse
import json
import os
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import pygraph_nn as nn

if __package__:
    from .char_rnn import SMALL_TEXT, Model, Text, check_place
else:  # run as a file, which lies beside the other
    from char_rnn import SMALL_TEXT, Model, Text, check_place


def options(arguments=None):
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=SMALL_TEXT, help="a text to learn")
    parser.add_argument("--cell", choices=("lstm", "gru", "rnn"), default="lstm")
    parser.add_argument("--size", type=int, default=128, help="of each layer")
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32, help="sequences in a step, of all processes together")
    parser.add_argument("--length", type=int, default=32, help="of a sequence")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--clip", type=float, default=5.0, help="the largest entry of a gradient")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--double", action="store_true", help="compute in float64")
    parser.add_argument("--compile", action="store_true", help="by torch.compile")
    parser.add_argument("--losses", type=Path, help="write the losses here, as JSON")
    parser.add_argument("--save", type=Path, help="write the trained network here, as .t7")
    return parser.parse_args(arguments)


def start():
    """Join the other processes, if torchrun has started any; return rank, their number and the device."""
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    if "WORLD_SIZE" not in os.environ:
        return 0, 1, device
    distributed.init_process_group("nccl" if gpu else "gloo")
    return distributed.get_rank(), distributed.get_world_size(), device


def build(text, chosen):
    """The network, in numpy: every process draws the same weights."""
    nn.manualSeed(chosen.seed)
    net = Model(len(text.characters), chosen.cell, chosen.size, chosen.layers, 0).unrolled
    return net.double() if chosen.double else net


def train(net, text, chosen):
    """Take the steps; return the losses (the mean over all processes) and the trained PyTorch module."""
    rank, processes, device = start()
    if chosen.batch % processes:
        raise SystemExit(f"--batch {chosen.batch} cannot be shared by {processes} processes: take a multiple")
    share = chosen.batch // processes
    mine = slice(rank * share, (rank + 1) * share)
    exported = nn.to_torch(net).to(device)
    stepping = DistributedDataParallel(exported) if processes > 1 else exported
    if chosen.compile:
        stepping = torch.compile(stepping)
    optimiser = torch.optim.RMSprop(exported.parameters(), lr=chosen.rate, alpha=0.95)
    dtype = torch.float64 if chosen.double else torch.float32
    one_hot = torch.eye(len(text.characters), dtype=dtype, device=device)
    losses = []
    for number in range(chosen.steps):
        if number % text.batches == 0:
            states = [torch.zeros(share, chosen.size, dtype=dtype, device=device) for _ in range(net.n_states)]
        inputs, targets = (torch.tensor(part[:, mine], device=device) for part in text.batch(number % text.batches))
        scores, *states = stepping([one_hot[inputs], *states])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(exported.parameters(), chosen.clip)
        optimiser.step()
        states, loss = [state.detach() for state in states], loss.detach()
        if processes > 1:
            distributed.all_reduce(loss)
        losses.append(loss.item() / processes)
        if rank == 0 and (number + 1) % 20 == 0:
            print(f"step {number + 1}: loss {losses[-1]:.4f}", flush=True)
    return rank, losses, exported


def main(arguments=None):
    """Train; the first process writes what there is to write."""
    chosen = options(arguments)
    for path in (chosen.losses, chosen.save):
        if path:
            check_place(path)
    text = Text(chosen.data.read_text(encoding="utf-8"), chosen.batch, chosen.length)
    net = build(text, chosen)
    try:
        rank, losses, exported = train(net, text, chosen)
        if rank == 0 and chosen.losses:
            chosen.losses.write_text(json.dumps(losses))
        if rank == 0 and chosen.save:
            nn.save(chosen.save, nn.load_state_dict(net, exported).cell)
        if distributed.is_initialized():
            distributed.barrier()  # nobody leaves while the first process is still writing
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


if __name__ == "__main__":
    main()
