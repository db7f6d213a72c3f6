"""What pictures are made of: sprites, lines of text, overlays, charts."""
