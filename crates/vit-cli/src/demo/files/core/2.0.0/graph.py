"""How a vertical adds nodes to the graph."""


class GraphExtension:
    """A set of nodes under one name. Handlers are coroutines."""

    name: str

    async def nodes(self):
        """Yields (node, handler)."""
        raise NotImplementedError
