"""The one thing that setup.cfg cannot say: examples/ is installed too, as pygraph_nn.examples."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["pygraph_nn", "pygraph_nn.*"]), "pygraph_nn.examples"],
    package_dir={"pygraph_nn.examples": "examples"},
)
