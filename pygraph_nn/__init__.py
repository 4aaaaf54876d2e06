"""pygraph_nn."""
