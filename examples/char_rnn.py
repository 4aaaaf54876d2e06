"""Train, sample, stop and resume a character-level language model on any text.

    python examples/char_rnn.py                                   # a small text that comes along, in a minute
    python examples/char_rnn.py --data war_and_peace.txt --size 512 --layers 2 --dropout 0.3 --checkpoint war.npz
    python examples/char_rnn.py --data war_and_peace.txt --checkpoint war.npz --resume
    python examples/char_rnn.py --checkpoint war.npz --only-sample --prime "Prince " --temperature 0.7

A stack of LSTMs under a Linear learns to guess the next character (seeds: all five describe its cell; the training is
that of Karpathy's char-rnn, with rmsprop, gradients clipped by value and a learning rate that decays by epoch). Each
checkpoint replaces the last one only once it is whole on the disk, so that there is a good one whenever the program is
stopped; it holds everything that a run depends on, and a resumed run takes the very steps that the first would have
taken. A loss that is no number stops the run and names the node that first put one out.
"""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

import pygraph_nn as nn

SMALL_TEXT = Path(__file__).with_name("harbour.txt")
CELLS = {"lstm": (nn.LSTM.create, 2), "gru": (nn.GRU.create, 1), "rnn": (nn.RNN.create, 1)}


class Text:
    """A text as numbers: its characters, and the part that is learnt and the part that judges."""

    def __init__(self, text, batch, length, validation=0.05):
        if not text:
            raise nn.ShapeError("the text is empty: give a file with some thousand characters")
        for name, value in (("batch", batch), ("length", length)):
            if value < 1:
                raise nn.RangeError(f"{name} is a number from 1 up, not {value}")
        self.characters = sorted(set(text))
        codes = self.encode(text)
        held_back = int(len(codes) * validation)
        self.valid = codes[len(codes) - held_back :]
        codes = codes[: len(codes) - held_back]
        self.batches = (len(codes) - 1) // (batch * length)
        if self.batches < 1 or len(self.valid) < 2:
            raise nn.ShapeError(
                f"the text is too short: {len(text)} characters, but {batch} sequences of {length} need about "
                f"{math.ceil((batch * length + 1) / (1 - validation))}; lower --batch or --length"
            )
        used = self.batches * length
        # Each column is one stretch of the text, and goes on in the next batch where it ended in the one before.
        self.inputs = codes[: batch * used].reshape(batch, used).T
        self.targets = codes[1 : batch * used + 1].reshape(batch, used).T
        self.length = length

    def encode(self, text):
        """The place of each character among ``characters``, from 0."""
        return encode(text, self.characters)

    def batch(self, number):
        """Inputs and targets (length x batch) of one batch."""
        rows = slice(number * self.length, (number + 1) * self.length)
        return self.inputs[rows], self.targets[rows]


def encode(text, characters):
    """The place of each character of ``text`` among ``characters``, from 0."""
    places = {character: place for place, character in enumerate(characters)}
    unknown = sorted(set(text) - set(places))
    if unknown:
        raise nn.RangeError(
            f"unknown characters {''.join(unknown)!r}: the text that was learnt has {''.join(characters)!r} only"
        )
    return np.array([places[character] for character in text], dtype=np.int64)


class Model:
    """Layers of cells under a Linear, unrolled; what it takes are one-hot rows, what it puts out are scores."""

    def __init__(self, n_characters, cell, size, layers, dropout):
        create, per_layer = CELLS[cell]
        inputs = [nn.Identity()() for _ in range(1 + layers * per_layer)]
        below, states = inputs[0], []
        for layer in range(layers):
            node = create(n_characters if layer == 0 else size, size)(
                [below, *inputs[1 + layer * per_layer : 1 + (layer + 1) * per_layer]]
            ).annotate(name=f"layer{layer + 1}")
            states += node.split(per_layer) if per_layer > 1 else [node]
            below = nn.Dropout(dropout)(states[-1]) if dropout else states[-1]
        scores = nn.Linear(size, n_characters)(below).annotate(name="decoder")
        self.cell = nn.gModule(inputs, [*states, scores]).float()
        self.unrolled = nn.Unroll(self.cell, input_gradient=False)
        self.criterion = nn.CrossEntropyCriterion().float()
        self.x, self.dx = self.unrolled.getParameters()
        self.one_hot = np.eye(n_characters, dtype=np.float32)
        self.size, self.n_states = size, layers * per_layer

    def zeros(self, batch):
        """States to begin with."""
        return [np.zeros((batch, self.size), np.float32) for _ in range(self.n_states)]

    def forward(self, codes, states):
        """The scores of the next characters (rows x characters), and the last states."""
        scores, *states = self.unrolled.forward([self.one_hot[codes], *states])
        return scores.reshape(codes.size, -1), states

    def loss(self, codes, targets, states):
        """The mean loss, the gradient of the parameters, and the last states."""
        scores, last = self.forward(codes, states)
        loss = self.criterion.forward(scores, targets.ravel() + 1)
        self.dx.fill(0)
        by_scores = self.criterion.backward(scores, targets.ravel() + 1)
        gradients = [by_scores.reshape(*codes.shape, -1), *[None] * self.n_states]
        self.unrolled.backward([self.one_hot[codes], *states], gradients)
        return loss, self.dx, last

    def validation_loss(self, codes, stretch=200):
        """The mean loss on a text, read in one go without dropout."""
        self.unrolled.evaluate()
        states, total = self.zeros(1), 0.0
        for start in range(0, len(codes) - 1, stretch):
            targets = codes[start + 1 : start + stretch + 1]
            scores, states = self.forward(codes[start : start + len(targets)][:, None], states)
            total += self.criterion.forward(scores, targets + 1) * len(targets)
        self.unrolled.training()
        return total / (len(codes) - 1)


class Training:
    """A run: model, text, and everything that decides its next step."""

    def __init__(self, text, options):
        self.options, self.text = options, Text(text, options["batch"], options["length"])
        nn.manualSeed(options["seed"])
        names = ("cell", "size", "layers", "dropout")
        self.model = Model(len(self.text.characters), *(options[name] for name in names))
        self.optimiser = {}
        self.states = self.model.zeros(options["batch"])
        self.updates, self.losses, self.validation = 0, [], []

    @property
    def epoch(self):
        """The number of finished epochs."""
        return self.updates // self.text.batches

    def rate(self):
        """The learning rate: after the first epochs, a little less with each."""
        return self.options["rate"] * self.options["decay"] ** max(0, self.epoch + 1 - self.options["decay_after"])

    def step(self):
        """Take one step; return its loss."""
        number = self.updates % self.text.batches
        if number == 0:
            self.states = self.model.zeros(self.options["batch"])
        inputs, targets = self.text.batch(number)
        before = nn.rng.getRNGState()

        def feval(_):
            loss, gradient, self._last = self.model.loss(inputs, targets, self.states)
            return loss, gradient

        try:
            with np.errstate(over="ignore", invalid="ignore"):
                loss, gradient = feval(None)
                if not math.isfinite(loss) or not np.isfinite(gradient).all():
                    raise nn.DivergenceError("the loss or its gradient is no finite number")
                nn.optim.clip_by_value(gradient, self.options["clip"])
                config = {"learningRate": self.rate(), "alpha": 0.95}
                nn.optim.rmsprop(lambda _: (loss, gradient), self.model.x, config, self.optimiser)
        except nn.DivergenceError as error:
            raise nn.DivergenceError(
                f"stopped at update {self.updates + 1}: {error}; {self.culprit(inputs, targets, before)}. The last "
                "checkpoint is from before; a lower --rate or --clip usually helps"
            ) from error
        self.states = self._last
        self.updates += 1
        self.losses.append(loss)
        if self.updates % self.text.batches == 0:
            self.validation.append((self.updates, self.model.validation_loss(self.text.valid)))
        return loss

    def culprit(self, inputs, targets, random_state):
        """Run the step once more, watching every node; say which one first put out a number that is not finite."""
        nn.rng.setRNGState(random_state)
        self.model.cell.addHook(watch)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                self.model.loss(inputs, targets, self.states)
        except nn.NodeError as error:
            node = error.node
            return f"the first such number came from node {node.name or '(no name)'}, {node.title()}, {error.__cause__}"
        finally:
            self.model.cell.removeHook(watch)
        return "all nodes put out finite numbers, so that it came from the criterion"

    # Checkpoints -----------------------------------------------------------------------------------------------------

    def save(self, path):
        """Write everything into one file, which takes its place only once it is whole."""
        arrays = {f"state{i}": state for i, state in enumerate(self.states)}
        arrays |= {f"optimiser {name}": np.asarray(value) for name, value in self.optimiser.items()}
        facts = {
            "options": self.options,
            "characters": self.text.characters,
            "updates": self.updates,
            "validation": self.validation,
        }
        temporary = f"{path}.{os.getpid()}.part"
        try:
            with open(temporary, "wb") as file:
                np.savez(
                    file,
                    facts=np.array(json.dumps(facts)),
                    x=self.model.x,
                    random=nn.rng.getRNGState(),
                    losses=np.array(self.losses),
                    **arrays,
                )
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.remove(temporary)

    @classmethod
    def resume(cls, text, path):
        """Go on where the checkpoint was written, on the same text."""
        facts, arrays = load(path)
        training = cls(text, facts["options"])
        if training.text.characters != facts["characters"]:
            ours, theirs = ("".join(characters) for characters in (training.text.characters, facts["characters"]))
            raise nn.StateError(
                f"{path} belongs to a text of other characters: {theirs!r} there, {ours!r} here; give the same --data, "
                "or another --checkpoint"
            )
        training.model.x[...] = arrays["x"]
        training.states = [arrays[f"state{i}"] for i in range(training.model.n_states)]
        for name, value in arrays.items():
            if name.startswith("optimiser "):
                training.optimiser[name.removeprefix("optimiser ")] = value if value.ndim else value.item()
        training.updates, training.losses = facts["updates"], arrays["losses"].tolist()
        training.validation = [tuple(pair) for pair in facts["validation"]]
        nn.rng.setRNGState(arrays["random"])
        return training


def load(path):
    """Return a checkpoint's facts and arrays."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(str(arrays.pop("facts"))), arrays
    except FileNotFoundError:
        raise nn.StateError(f"there is no checkpoint {path}: train first, or give the right --checkpoint") from None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise nn.StateError(f"{path} is no checkpoint of this program: {error}") from error


def watch(node, module, verb, call):
    """A hook: stop at the first result that is not finite."""

    def run(*arguments, **keywords):
        result = call(*arguments, **keywords)
        seen = module.parameters()[1] if verb == "accGradParameters" else [result]
        if not all(np.isfinite(leaf).all() for leaf in nn.nesting.leaves(seen) if leaf is not None):
            raise nn.DivergenceError(f"in {verb}")
        return result

    return run


# Sampling ------------------------------------------------------------------------------------------------------------


def sample(model, characters, count, temperature=1.0, prime="", seed=1):
    """Return ``prime`` and ``count`` characters more, drawn one by one; a temperature of 0 takes the likeliest.

    The draws come from a generator of their own, so that a look at samples does not change the training.
    """
    generator = nn.rng.Generator()
    generator.manualSeed(seed)
    start = "\n" if "\n" in characters else characters[0]
    codes = encode(prime or start, characters)
    model.unrolled.evaluate()
    scores, states = model.forward(codes[:, None], model.zeros(1))
    drawn = []
    for _ in range(count):
        drawn.append(draw(scores[-1].astype(float), temperature, generator))
        scores, states = model.forward(np.array([[drawn[-1]]]), states)
    model.unrolled.training()
    return prime + "".join(characters[code] for code in drawn)


def draw(scores, temperature, generator):
    """Draw a class from the softmax of scores / temperature."""
    if temperature == 0:
        return int(scores.argmax())
    weights = np.exp((scores - scores.max()) / temperature)
    return int(generator.multinomial(weights, 1)[0]) - 1


# The program ---------------------------------------------------------------------------------------------------------


class Bar:
    """Progress on standard error: share done, loss, characters per second, time left."""

    def __init__(self, total, done, characters):
        self.total, self.first, self.characters = total, done, characters
        self.start = self.shown = time.monotonic()

    def show(self, done, loss):
        """Draw it anew, a few times per second at most."""
        now = time.monotonic()
        if done < self.total and (now - self.shown < 0.2 or not sys.stderr.isatty()):
            return
        self.shown = now
        speed = (done - self.first) / max(now - self.start, 1e-9)
        left = int((self.total - done) / max(speed, 1e-9))
        filled = 24 * done // self.total
        text = f"[{'#' * filled}{'.' * (24 - filled)}] {done}/{self.total} loss {loss:.3f}"
        text += f" {speed * self.characters:,.0f} chars/s, {left // 60}:{left % 60:02d} left"
        print(f"\r{text:<78}", end="\n" if done == self.total else "", file=sys.stderr, flush=True)


def train(training, epochs, checkpoint, every, say=print):
    """Step until ``epochs`` are done; save a checkpoint every so many updates, after each epoch and at the end."""
    total, options = epochs * training.text.batches, training.options
    bar = Bar(total, training.updates, options["batch"] * options["length"])
    while training.updates < total:
        bar.show(training.updates + 1, training.step())
        ended = training.updates % training.text.batches == 0
        if ended and (training.epoch % 5 == 0 or training.updates == total):
            say(f"epoch {training.epoch}: loss {training.losses[-1]:.3f}, validation {training.validation[-1][1]:.3f}")
        if checkpoint and (ended or training.updates % every == 0):
            training.save(checkpoint)


def check(given):
    """Refuse what the command line says wrongly and what would else show only after hours of training."""
    least = {"size": 1, "layers": 1, "every": 1, "epochs": 0, "decay": 0, "sample": 0, "temperature": 0}
    for name, low in least.items():
        if not low <= getattr(given, name) < math.inf:
            raise nn.RangeError(f"--{name} is a number from {low} up, not {getattr(given, name)}")
    nn.rng.Generator().manualSeed(given.seed)
    if given.checkpoint and not given.only_sample:
        check_place(given.checkpoint)


def check_place(path):
    """Refuse a path at which no file can be written."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise nn.StateError(f"{path} cannot be written: there is no folder {folder}")
    if Path(path).is_dir():
        raise nn.StateError(f"{path} cannot be written: it is a folder")


def empty_figure(path):
    """An empty matplotlib figure, made before the training, so that what prevents a picture shows before the work."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise nn.MissingExtraError("matplotlib", "plot", "a picture") from error
    check_place(path)
    figure = Figure(figsize=(8, 4), layout="constrained")
    known = figure.canvas.get_supported_filetypes()
    if Path(path).suffix[1:].lower() not in known:
        raise nn.RangeError(f"{path}: a picture's name ends in one of {', '.join(known)}")
    return figure


def picture(figure, training):
    """Draw the losses."""
    axes = figure.subplots()
    axes.plot(range(1, len(training.losses) + 1), training.losses, linewidth=0.5, label="training")
    if training.validation:
        axes.plot(*zip(*training.validation), label="validation")
    axes.set(xlabel="update", ylabel="loss per character")
    axes.legend()


def parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A character-level language model.")
    add = parser.add_argument
    add("--data", metavar="FILE", default=str(SMALL_TEXT), help="the text to learn, UTF-8")
    add("--cell", choices=CELLS, default="lstm")
    add("--size", type=int, default=128, metavar="N", help="units in each layer (128)")
    add("--layers", type=int, default=1, metavar="N", help="layers (1)")
    add("--dropout", type=float, default=0.0, metavar="P", help="share of a layer's output that is dropped (0)")
    add("--batch", type=int, default=16, metavar="N", help="sequences at once (16)")
    add("--length", type=int, default=40, metavar="N", help="steps that gradients go back (40)")
    add("--epochs", type=int, default=25, metavar="N", help="times through the text (25)")
    add("--rate", type=float, default=0.005, metavar="R", help="learning rate (0.005)")
    add("--decay", type=float, default=0.95, metavar="F", help="what the rate is multiplied by each epoch (0.95)")
    add("--decay-after", type=int, default=10, metavar="N", help="epochs before that begins (10)")
    add("--clip", type=float, default=5.0, metavar="G", help="no gradient is larger (5)")
    add("--seed", type=int, default=1, metavar="N", help="the generator's seed (1)")
    add("--checkpoint", metavar="FILE", help="where to save; none without it")
    add("--every", type=int, default=100, metavar="N", help="updates between checkpoints (100)")
    add("--resume", action="store_true", help="go on from the checkpoint, with its options")
    add("--only-sample", action="store_true", help="sample from the checkpoint, and do not train")
    add("--sample", type=int, default=600, metavar="N", help="characters to sample at the end (600)")
    add("--temperature", type=float, default=0.6, metavar="T", help="below 1 safer, above 1 bolder (0.6)")
    add("--prime", default="", metavar="TEXT", help="what the sample begins with")
    add("--picture", metavar="FILE", help="save a plot of the losses (needs matplotlib)")
    return parser.parse_args(arguments)


def read_text(path):
    """The text of a file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise nn.StateError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise nn.StateError(f"{path} is no UTF-8 text: {error}") from error


def demo(arguments=None, say=print):
    """Do what the command line says; return the training, or the model that sampled."""
    given = parse(arguments)
    check(given)
    if (given.resume or given.only_sample) and not given.checkpoint:
        raise nn.StateError("--resume and --only-sample need the --checkpoint to read")
    if given.only_sample:
        facts, arrays = load(given.checkpoint)
        options = facts["options"]
        characters = facts["characters"]
        model = Model(len(characters), *(options[name] for name in ("cell", "size", "layers", "dropout")))
        model.x[...] = arrays["x"]
        say(sample(model, characters, given.sample, given.temperature, given.prime, given.seed))
        return model
    names = ("cell", "size", "layers", "dropout", "batch", "length", "rate", "decay", "decay_after", "clip", "seed")
    text = read_text(given.data)
    figure = empty_figure(given.picture) if given.picture else None
    if given.resume:
        training = Training.resume(text, given.checkpoint)
    else:
        training = Training(text, {name: getattr(given, name) for name in names})
    training.text.encode(given.prime)
    say(f"{len(text)} characters, {len(training.text.characters)} different, {training.model.x.size} parameters")
    train(training, given.epochs, given.checkpoint, given.every, say)
    if given.picture:
        picture(figure, training)
        figure.savefig(given.picture)
    say(sample(training.model, training.text.characters, given.sample, given.temperature, given.prime, given.seed))
    return training


if __name__ == "__main__":
    try:
        demo()
    except nn.PygraphError as error:
        sys.exit(f"char_rnn: {error}")
    except KeyboardInterrupt:
        sys.exit("\nchar_rnn: stopped; go on from the last checkpoint with --resume")
