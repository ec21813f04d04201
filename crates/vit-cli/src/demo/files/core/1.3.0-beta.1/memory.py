"""What is worth keeping of what has happened."""


def keep(ledger, wanted):
    """Returns the events that `wanted` says yes to."""
    return [event for event in ledger if wanted(event)]
