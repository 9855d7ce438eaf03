"""chatcluster: many Socket.IO servers, one chat."""

from importlib.metadata import version

__version__ = version("chatcluster")
