"""Which plugin handles an event."""


def dispatch(event, plugins):
    """Returns the handler for an event, or None."""
    return table(plugins).get(event["node"])


def table(plugins):
    """Returns every handler by its node; the first plugin wins."""
    handlers = {}
    for plugin in plugins:
        for node, handler in plugin.nodes():
            handlers.setdefault(node, handler)
    return handlers
