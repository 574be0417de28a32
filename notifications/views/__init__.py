"""Pages of messages, of their settings and of their texts."""
