"""How a vertical adds nodes to the graph."""


class GraphPlugin:
    """A set of nodes under one name."""

    name: str

    def nodes(self):
        """Yields (node, handler)."""
        raise NotImplementedError
