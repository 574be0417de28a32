"""The demonstration district: a year that was lived by the real commands, some of it late."""

from workflows.demo.building import District, build_district

__all__ = ["District", "build_district"]
