"""Films and pages: episodes side by side, told with cards, captions and a timeline."""
