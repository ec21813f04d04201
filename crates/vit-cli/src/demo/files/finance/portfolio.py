"""Positions and their value."""

from contracts import GraphPlugin
from vitruvyan_core.core.router import route


class Portfolio(GraphPlugin):
    name = "portfolio"

    def nodes(self):
        yield "value", lambda event: sum(event["positions"].values())


def value(positions):
    handler = route({"node": "value"}, [Portfolio()])
    return handler({"positions": positions})
