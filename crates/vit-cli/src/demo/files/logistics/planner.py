"""Which lorry takes which load."""

from contracts import BaseParser, GraphPlugin
from vitruvyan_core.core.router import route


class OrderParser(BaseParser):
    def parse(self, payload):
        node, _, load = payload.decode().partition(":")
        return {"node": node, "load": load}


class Planner(GraphPlugin):
    name = "planner"

    def nodes(self):
        yield "pick-up", lambda event: ("lorry 1", event["load"])


def plan(payload):
    event = OrderParser().parse(payload)
    return route(event, [Planner()])(event)
