"""Torch7's optim: functions of (feval, x, config, state) that minimise, and what watches them do it.

===================  ==================================================================================
one step per call    sgd, nag, asgd; adagrad, adadelta, rmsprop, adam, adamax, rprop
many per call        lbfgs (with lswolfe, guided by polyinterp), cg; de, cmaes (no gradient); FistaLS
beside them          checkgrad; clip_by_value, clip_by_norm; ConfusionMatrix, Logger
===================  ==================================================================================

All minimisers are called alike and return two values, x itself and a list of losses::

    x, losses = optim.adam(feval, x, config, state)

``x`` is a flat vector, shape (n,), float32 or float64, and changes in place; ``feval(x)`` returns the loss, a number,
and the gradient, an array like x, which is only read. ``config`` is a dict of settings; ``state`` a dict, empty at
first, of what is remembered from call to call (``config`` itself where it is not given). Both have Torch7's keys. Save
x and state, and the run continues bit for bit. For a network::

    x, gradient = net.getParameters()

    def feval(x):
        net.zeroGradParameters()
        loss = criterion.forward(net.forward(input), target)
        net.backward(input, criterion.backward(net.output, target))
        optim.clip_by_norm(gradient, 5)
        return loss, gradient

All raise TensorTypeError and ShapeError for an x, a gradient or a state that does not fit, RangeError for a setting out
of range or misspelt, and DivergenceError for a loss or gradient that is not a number any more; x is then as it was.

>>> import numpy as np
>>> from pygraph_nn import optim
>>> x, state = np.array([4.0, -2.0]), {}
>>> for step in range(3):
...     x, losses = optim.sgd(lambda x: (float(x @ x), 2 * x), x, {"learningRate": 0.25}, state)
...     print(losses, x)
[20.0] [ 2. -1.]
[5.0] [ 1.  -0.5]
[1.25] [ 0.5  -0.25]
>>> optim.sgd(lambda x: (float(x @ x), 2 * x), x, {"learningrate": 0.25}, state)
Traceback (most recent call last):
    ...
pygraph_nn.errors.RangeError: sgd: config has no key 'learningrate'; did you mean 'learningRate'? Its settings are ...
"""

from . import adaptive, checking, clipping, confusion, descent, evolution, line_search, logger, proximal, second_order
from .adaptive import *
from .checking import *
from .clipping import *
from .confusion import *
from .descent import *
from .evolution import *
from .line_search import *
from .logger import *
from .proximal import *
from .second_order import *

_FAMILIES = (descent, adaptive, second_order, line_search, proximal, evolution, checking, clipping, confusion, logger)
__all__ = [name for family in _FAMILIES for name in family.__all__]
