"""An audit for people and for machines that check: Markdown, a page, JUnit."""
