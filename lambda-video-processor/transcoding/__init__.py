"""From an uploaded video to its stream, its downloads and its poster frame.

`probe` asks what the source is, `plan` decides what to make of it, `engine` has FFmpeg make it,
`packager` writes the playlists.
"""

from transcoding.transcoder import Download, Transcoded, transcode

__all__ = ["Download", "Transcoded", "transcode"]
