"""The main job on this machine: the module applied, a photo and a video processed, the outputs shown."""
