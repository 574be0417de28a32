"""Figures kept beside the history, and read exactly: what is not folded yet is folded by whoever asks."""
