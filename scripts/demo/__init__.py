"""The main job on this machine: apply the module, process a photo and a video, show all of it."""
