"""Demonstration data: an invented district whose cases were moved by the real commands, some of them late."""

from workflows.demo.building import Demo, build

__all__ = ["Demo", "build"]
