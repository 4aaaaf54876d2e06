"""Settings that hold for every test."""

from hypothesis import settings

# Times vary on shared machines; a slow example is no wrong one.
settings.register_profile("pygraph_nn", deadline=None, max_examples=50)
settings.load_profile("pygraph_nn")
