"""ConfusionMatrix: which class was predicted for which, and the accuracies that follow."""

import math
import numbers

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from .pictures import new_figure, show

__all__ = ["ConfusionMatrix"]


class ConfusionMatrix:
    """Counts ``mat[t, p]`` of samples of class t that were predicted as class p, both counted from 1 when added.

    ``nclasses`` is their number or, as in Torch7, the list of their names; ``classes`` the names. After
    ``updateValids`` (which ``str`` calls)::

        valids[t]         = mat[t, t] / sum_p mat[t, p]                                        row accuracy (recall)
        unionvalids[t]    = mat[t, t] / (sum_p mat[t, p] + sum_p mat[p, t] - mat[t, t])        VOC measure (IoU)
        averageValid      = mean of valids, averageUnionValid = mean of unionvalids            over classes seen
        totalValid        = sum_t mat[t, t] / sum mat                                          accuracy

    and nan where nothing was added. As in Torch7 valids and unionvalids are float32, so that the same text is printed.

    Source: Torch7 optim ``ConfusionMatrix.lua``.

    >>> import numpy as np
    >>> conf = ConfusionMatrix(["cat", "dog"])
    >>> conf.add(np.array([0.1, 0.9]), 2)
    >>> conf.batchAdd(np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([1, 1]))
    >>> print(conf)
    ConfusionMatrix:
    [[       1       1]   50.000%   [class: cat]
     [       0       1]]  100.000%  [class: dog]
     + average row correct: 75%
     + average rowUcol correct (VOC measure): 50%
     + global correct: 66.666666666667%
    """

    def __init__(self, nclasses, classes=None):
        classes = _names(nclasses if _is_list(nclasses) else classes)
        nclasses = len(classes) if _is_list(nclasses) else nclasses
        if not isinstance(nclasses, numbers.Integral) or isinstance(nclasses, bool) or nclasses < 1:
            raise RangeError(f"ConfusionMatrix: a number of classes from 1 up, or their names, not {nclasses!r}")
        if classes and len(classes) != nclasses:
            raise ShapeError(f"ConfusionMatrix: {nclasses} classes, but {len(classes)} names: {classes}")
        self.nclasses = int(nclasses)
        self.classes = classes
        self.mat = np.zeros((self.nclasses, self.nclasses), dtype=np.int64)
        self.valids = np.zeros(self.nclasses, dtype=np.float32)
        self.unionvalids = np.zeros(self.nclasses, dtype=np.float32)
        self.zero()

    def zero(self):
        """Forget all counts."""
        for counts in (self.mat, self.valids, self.unionvalids):
            counts[...] = 0
        self.totalValid = self.averageValid = self.averageUnionValid = 0

    def add(self, prediction, target):
        """Count one sample: each argument is a class, from 1, or a vector of scores with one per class.

        A target below 1 means that it is not known, and the sample is left out.
        Raises: ShapeError for a vector of another length; RangeError for a class above ``nclasses``.
        """
        self._count(*(self._classes_of(_array(v, what)[None], what) for v, what in _named(prediction, target)))

    def batchAdd(self, predictions, targets):
        """Count a batch: each argument is a vector of classes, from 1, or a (batch, nclasses) matrix of scores.

        A (batch, 1) matrix is a vector. A target below 1 means that it is not known, and the sample is left out.
        Raises: ShapeError where the lengths differ; RangeError for a class above ``nclasses``.
        """
        arrays = [(np.atleast_1d(_array(v, what)), what) for v, what in _named(predictions, targets)]
        arrays = [(v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v, what) for v, what in arrays]
        self._count(*(self._classes_of(v, what) for v, what in arrays))

    def _classes_of(self, values, what):
        """Return classes from 1: of a vector itself, of a matrix of scores each row's first largest."""
        if values.ndim == 2 and values.shape[1] == self.nclasses:
            return values.argmax(axis=1) + 1
        if values.ndim != 1:
            raise ShapeError(
                f"ConfusionMatrix: {what} is a class or {self.nclasses} scores for each sample, not of shape "
                f"{values.shape[1:]}"
            )
        if values.dtype.kind not in "iuf" or not np.array_equal(np.floor(values), values):
            raise TensorTypeError(f"ConfusionMatrix: a class is a whole number from 1, but {what} has {values}")
        return values

    def _count(self, predictions, targets):
        if predictions.shape != targets.shape:
            raise ShapeError(f"ConfusionMatrix: {len(predictions)} predictions for {len(targets)} targets")
        known = targets >= 1
        predictions, targets = predictions[known], targets[known]
        for classes, what in ((predictions, "prediction"), (targets, "target")):
            outside = classes[(classes < 1) | (classes > self.nclasses)]
            if outside.size:
                raise RangeError(
                    f"ConfusionMatrix: classes are counted from 1 to {self.nclasses}, but a {what} is {outside[0]:.15g}"
                )
        np.add.at(self.mat, (targets.astype(np.int64) - 1, predictions.astype(np.int64) - 1), 1)

    def updateValids(self):
        """Compute valids, unionvalids, averageValid, averageUnionValid and totalValid from the counts."""
        correct, rows, columns = self.mat.diagonal(), self.mat.sum(axis=1), self.mat.sum(axis=0)
        with np.errstate(invalid="ignore"):
            self.valids[...] = correct / rows
            self.unionvalids[...] = correct / (rows + columns - correct)
            self.totalValid = float(np.float64(correct.sum()) / self.mat.sum())
        seen = ~np.isnan(self.valids)
        self.averageValid = _mean(self.valids[seen])
        self.averageUnionValid = _mean(self.unionvalids[seen])

    def farFrr(self):
        """Return false rejection and false acceptance rates: ``(classFrrs, classFars, frrs, fars)``.

        With row rates r[t, p] = mat[t, p] / sum_p mat[t, p]: frr[i] = 1 - r[i, i], and far[i] is the mean of r[j, i]
        over the other classes j that were seen (nan where there is none). The first two have one element per class, -1
        for classes not seen; the last two leave those out.

        >>> conf = ConfusionMatrix(2)
        >>> conf.batchAdd([1, 1, 2, 2], [1, 2, 2, 2])
        >>> conf.farFrr()[0].round(3), conf.farFrr()[1].round(3)
        (array([0.   , 0.333]), array([0.333, 0.   ]))
        """
        totals = self.mat.sum(axis=1)
        seen = np.flatnonzero(totals)
        rates = self.mat[seen] / totals[seen, None]
        frrs = 1 - rates[np.arange(len(seen)), seen]
        others = rates[:, seen]
        np.fill_diagonal(others, 0)
        with np.errstate(invalid="ignore"):
            fars = others.sum(axis=0) / (len(seen) - 1)
        classFrrs, classFars = np.full(self.nclasses, -1.0), np.full(self.nclasses, -1.0)
        classFrrs[seen], classFars[seen] = frrs, fars
        return classFrrs, classFars, frrs, fars

    def __str__(self):
        self.updateValids()
        most = int(self.mat.max())
        width = max(8, 1 + math.ceil(math.log10(most))) if most else 8
        lines = ["ConfusionMatrix:"]
        for t, row in enumerate(self.mat):
            opening = "[[" if t == 0 else " ["
            closing = "]]  " if t == self.nclasses - 1 else "]   "
            name = f"\t[class: {self.classes[t]}]" if self.classes else ""
            counts = "".join(f"{count:{width}d}" for count in row)
            lines.append(f"{opening}{counts}{closing}{float(self.valids[t]) * 100:.3f}% {name}")
        lines.append(f" + average row correct: {self.averageValid * 100:.14g}% ")
        lines.append(f" + average rowUcol correct (VOC measure): {self.averageUnionValid * 100:.14g}% ")
        lines.append(f" + global correct: {self.totalValid * 100:.14g}%")
        return "\n".join(lines)

    def __repr__(self):
        return f"ConfusionMatrix({self.classes or self.nclasses})"

    def render(self, sortmode="score", display=False):
        """Draw the matrix, each row divided by its sum; return a matplotlib figure (``pip install pygraph_nn[plot]``).

        ``sortmode`` orders the classes by accuracy (``"score"``) or by number of samples (``"occurrence"``);
        ``display`` brings the figure to the screen, where there is one.
        """
        if sortmode not in ("score", "occurrence"):
            raise RangeError(f"ConfusionMatrix: sort mode must be one of: score | occurrence, not {sortmode!r}")
        self.updateValids()
        totals = self.mat.sum(axis=1)
        rates = self.mat / np.maximum(totals, 1)[:, None]
        order = np.argsort(-(rates.diagonal() if sortmode == "score" else totals), kind="stable")
        figure = new_figure("ConfusionMatrix.render", display)
        axes = figure.subplots()
        _draw(axes, rates[np.ix_(order, order)], [self._label(t, totals) for t in order])
        axes.set_title(
            f"Confusion matrix [sorted by {sortmode}s]\nglobal accuracy = {self.totalValid:.3%}, "
            f"per-class accuracy = {self.averageValid:.3%}"
        )
        if display:
            show(figure)
        return figure

    def _label(self, t, totals):
        name = self.classes[t] if self.classes else t + 1
        return f"{name} [{totals[t] / max(totals.sum(), 1):.2%}]"


def _is_list(value):
    return isinstance(value, (list, tuple)) or isinstance(value, np.ndarray) and value.ndim == 1


def _names(classes):
    """Return the names of classes as a list, empty where there are none."""
    if classes is not None and not _is_list(classes):
        raise TensorTypeError(f"ConfusionMatrix: the names of the classes are a list, not {classes!r}")
    names = classes.tolist() if isinstance(classes, np.ndarray) else classes
    return list(names or [])


def _array(values, what):
    try:
        return np.asarray(values)
    except ValueError:
        raise TensorTypeError(f"ConfusionMatrix: {what} is an array or a list of numbers, not {values!r}") from None


def _named(prediction, target):
    return (prediction, "the prediction"), (target, "the target")


def _mean(values):
    return sum(values.tolist()) / len(values) if len(values) else math.nan


def _draw(axes, rates, labels):
    axes.imshow(rates, vmin=0, vmax=1, cmap="Blues")
    axes.set_xticks(range(len(labels)), labels, rotation=90)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("target [share of samples]")
    if len(labels) <= 30:
        for (t, p), rate in np.ndenumerate(rates):
            axes.text(p, t, f"{100 * rate:02.0f}", ha="center", va="center", color="white" if rate > 0.5 else "black")
