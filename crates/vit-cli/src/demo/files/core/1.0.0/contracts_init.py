"""What verticals may import from Core."""

from contracts.graph import GraphPlugin
from contracts.parser import BaseParser

__all__ = ["BaseParser", "GraphPlugin"]
