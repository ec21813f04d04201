"""How a vertical reads its own input."""


class BaseParser:
    """Turns bytes into an event."""

    def parse(self, payload: bytes) -> dict:
        raise NotImplementedError
