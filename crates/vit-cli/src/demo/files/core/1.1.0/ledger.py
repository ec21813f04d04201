"""What has happened, in order."""


def append(ledger, event):
    """Adds an event; its place is its number."""
    ledger.append(dict(event, number=len(ledger)))
    return len(ledger) - 1


def since(ledger, number):
    """Returns the events from a number on."""
    return ledger[number:]
