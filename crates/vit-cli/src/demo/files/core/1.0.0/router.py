"""Which plugin handles an event."""


def route(event, plugins):
    """Returns the handler for an event, or None."""
    for plugin in plugins:
        for node, handler in plugin.nodes():
            if node == event["node"]:
                return handler
    return None
