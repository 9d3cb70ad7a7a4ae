"""A copy of a server's package that lies on the machine."""

from agent.records.base import Part


class PackageOnDisk(Part):
    """What runs when the definition is started, whatever version it names or leaves open."""

    path: str
    """Folder of the package, or of what says which version is installed."""
    version: str
    """As the copy itself says."""
    integrity: str | None = None
    """npm: what its lock file says of the archive it was unpacked from. PyPI: `sha256-` and the digest of the list of
    installed files and their hashes. Null where neither is kept."""
