"""Text for a terminal."""


def plain(text: str) -> str:
    """Names come from files anyone writes: no control sequence may reach the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
