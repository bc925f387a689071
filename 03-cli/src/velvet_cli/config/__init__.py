"""Layered configuration that can say where each value comes from.

Writing is in `velvet_cli.config.write`, which only the command that writes should import.
"""

from velvet_cli.config.errors import ConfigError, ConfigNotFound, nearest
from velvet_cli.config.layers import Layer, Origin, Settings
from velvet_cli.config.load import Files, find_files, load, user_folder
from velvet_cli.config.settings import HIDDEN, Setting, settings_of

__all__ = [
    "HIDDEN",
    "ConfigError",
    "ConfigNotFound",
    "Files",
    "Layer",
    "Origin",
    "Setting",
    "Settings",
    "find_files",
    "load",
    "nearest",
    "settings_of",
    "user_folder",
]
