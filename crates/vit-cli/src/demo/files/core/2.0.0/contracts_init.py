"""What verticals may import from Core."""

from contracts.graph import GraphExtension
from contracts.parser import BaseParser

__all__ = ["BaseParser", "GraphExtension"]
