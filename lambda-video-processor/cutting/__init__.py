"""Cutting a video into segments with text on them."""
