"""Whether a version lies in a range; what cannot be compared counts as outside."""

from __future__ import annotations


def outside(version: str, versions: str) -> bool:
    """Whether `version` does not satisfy a range such as `>=2.1,<3`. Pre-releases count like any other."""
    # Only a policy with version ranges needs it.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return not SpecifierSet(versions).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
