"""What a sweep looks for, and what it does about each finding."""
