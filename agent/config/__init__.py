"""The configuration: sections declared by the layers, composed and loaded here."""
