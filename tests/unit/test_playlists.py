"""The judge of playlists sees what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from packaged import fragmented, sound_of
from packager import SoundTrack, package
from playlists import read_master
from transcoded import lay_out


@pytest.mark.parametrize(
    ("playlist", "line", "instead"),
    [
        ("90p", "#EXTM3U", "#EXTM3U8"),
        ("90p", "#EXT-X-VERSION:7", "#EXT-X-VERSION:4"),
        ("90p", "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:1"),
        ("90p", "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        ("90p", "#EXT-X-PLAYLIST-TYPE:VOD\n", ""),
        ("90p", "#EXT-X-ENDLIST\n", ""),
        ("90p", "#EXTINF:2.000000,", "#EXTINF:1.900000,"),
        ("90p", "#EXTINF:1.000000,\n", ""),
        ("90p", '@0"', '@1"'),
        ("90p", "90p.mp4\n#EXT-X-ENDLIST", "other.mp4\n#EXT-X-ENDLIST"),
        ("master", "RESOLUTION=160x90", "RESOLUTION=160x91"),
        ("master", "FRAME-RATE=25.000", "FRAME-RATE=30.000"),
        ("master", 'CODECS="avc1.', 'CODECS="avc1.1'),
        ("master", "BANDWIDTH=", "BANDWIDTH=1"),
        ("master", ",AVERAGE-BANDWIDTH=", ",AVERAGE-BANDWIDTH=1"),
        ("master", 'AUDIO="audio"', 'AUDIO="another"'),
        ("master", 'CHANNELS="1"', 'CHANNELS="2"'),
        ("master", "DEFAULT=YES", "DEFAULT=NO"),
        ("master", "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=", "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1"),
        ("master", 'URI="90p-iframes.m3u8"', 'URI="90p.m3u8"'),
        ("90p-iframes", "#EXT-X-I-FRAMES-ONLY\n", ""),
        ("90p-iframes", "#EXTINF:2.000000,", "#EXTINF:3.000000,"),
        ("90p-iframes", "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:1"),
        ("90p-iframes", "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:9@9\n#EXT-X-BYTERANGE:"),
        ("master", "90p.m3u8\n", ""),
    ],
)
def test_the_judge_of_playlists_sees_what_is_wrong(
    playlist: str, line: str, instead: str, tmp_path: Path
) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 50, 3)}
    sounds = [SoundTrack(sound_of(tmp_path / "sound.mp4", 3))]
    stream = package(rungs, sounds, segment_seconds=2, layout="byte_ranges")
    master = lay_out(stream.files, tmp_path / "published")
    read_master(master)
    path = master.with_name(f"{playlist}.m3u8")
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, instead))
    with pytest.raises((AssertionError, OSError)):
        read_master(master)
