"""The face of this room: one call per video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from bitstream.sound import CopiedSound
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Videos
from packager import MASTER, BoxError, SoundTrack, Stream, package
from transcoding import posters, sounds, stills
from transcoding.compliance import Compliance, CopiedPicture, judge
from transcoding.engine import Encoded, copy, encode, glance, measure_gain, remux
from transcoding.pace import Pace
from transcoding.plan import Plan, below, plan, refuse_beyond
from transcoding.probe import Probe, probe
from transcoding.refusals import refuse_truncated, refuse_without_room, senseless_times
from transcoding.sealed import SecondsLeft
from transcoding.storyboard import webvtt

FIRST_MASTER = "first.m3u8"
_SOURCE_RUNG = "source"

# What is left to be done after encoding: the least, how fast downloads are remuxed, and how many
# times faster than it plays a video can be looked through for stills.
_AFTER_ENCODING = 2.0
_REMUXED_BYTES_PER_SECOND = 100_000_000
_GLANCED_SPEED = 60
# A sound that ends sooner than the picture by more is encoded, and silence added.
_SHORTER_SOUND = Fraction(1, 10)

Report = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Download:
    """An MP4 of one rung with its sound; `name` is relative to where outputs go."""

    name: str
    width: int
    height: int
    path: Path


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Sheets of small pictures, JPEG, and the WebVTT track that says what lies where on them."""

    sheets: tuple[Path, ...]
    track: str


@dataclass(frozen=True, slots=True)
class Transcoded:
    """What became of a video. `poster` is a JPEG as large as its renditions need it.

    `passed_through` names the rung that is the source's own bitstream, if one is. `loudness` is
    LUFS, None without sound. `not_copied` are the words of what speaks against copying the source.
    """

    probe: Probe
    stream: Stream
    downloads: tuple[Download, ...]
    poster: Path
    storyboard: Storyboard | None
    loudness: float | None
    passed_through: str | None = None
    warnings: tuple[str, ...] = ()
    not_copied: tuple[str, ...] = ()


def _ignored(*_told: object) -> None:
    """What a caller does that wants to know nothing."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a caller wants to be told while a video is made, and what it should not start.

    `publish_first` is given the stream of the source's own bitstream, `reserve` how many bytes the
    outputs will have.
    """

    publish_first: Callable[[Stream], None] = field(default=_ignored)
    report: Report = field(default=_ignored)
    reserve: Callable[[int], None] = field(default=_ignored)


def transcode(
    source: Path,
    folder: Path,
    recipe: Videos,
    seconds_left: SecondsLeft,
    demands: Demands | None = None,
) -> Transcoded:
    """Makes all that `recipe` asks of `source`, in the empty `folder`.

    Raises `PermanentError` with `corrupt_video`, `unsupported_video`, `no_video_stream`,
    `video_too_large`, `video_too_long`, `disk_full` or `time_limit`, and `TransientError` when
    FFmpeg was killed from outside.
    """
    demands = demands or Demands()
    probed = probe(source, recipe.limits.pixels, seconds_left)
    planned = plan(probed, recipe)
    refuse_without_room(planned.estimated_bytes, folder)
    demands.reserve(planned.estimated_bytes)
    planned = replace(planned, gain=measure_gain(planned, source, folder, seconds_left))
    run = _Run(probed, planned, source, folder, recipe, seconds_left, demands)
    return run.transcoded()


@dataclass(frozen=True, slots=True)
class _Run:
    """One video on its way."""

    probe: Probe
    plan: Plan
    source: Path
    folder: Path
    recipe: Videos
    seconds_left: SecondsLeft
    demands: Demands

    def transcoded(self) -> Transcoded:
        compliance = self._judged()
        passed = self._passed_through(compliance)
        copied, first = self._copied(compliance, passed)
        planned = self.plan
        if passed and compliance and compliance.picture:
            planned = below(planned, compliance.picture.average_bitrate)
        pace = Pace(self.plan.seconds, self.plan.longest, self._encoding_left, self.demands.report)
        try:
            encoded = encode(
                planned,
                self.source,
                self.folder,
                self._encoding_left,
                copied=copied,
                passed_through=passed,
                on_progress=pace.follow,
            )
        except PermanentError as error:
            if first is None or error.code != "time_limit":
                raise
            return self._left_at_first(first, error)
        self.demands.report("packaging", 100)
        poster = self._chosen_poster()
        stream = self._package(encoded, dash=self.recipe.dash)
        self._refuse_other_length(stream)
        reasons = compliance.reasons if compliance else ()
        not_copied = tuple(dict.fromkeys(reason.word for reason in reasons))
        downloads = self._downloads(encoded)
        return self._result(stream, poster, downloads, passed, not_copied=not_copied)

    def _encoding_left(self) -> float:
        """Seconds that encoding may take, for what comes after it takes time as well."""
        after = self.plan.estimated_bytes / _REMUXED_BYTES_PER_SECOND
        return (
            self.seconds_left() - _AFTER_ENCODING - max(after, self.plan.seconds / _GLANCED_SPEED)
        )

    def _judged(self) -> Compliance | None:
        if not (self.recipe.first_publish or self.recipe.passthrough):
            return None
        sound = self.probe.sound.index if self.probe.sound else None
        return judge(
            self.source,
            self.folder,
            self.probe.picture.index,
            sound,
            max_pixels=self.recipe.limits.pixels,
            window=self.recipe.segment_seconds,
            seconds_left=self.seconds_left,
        )

    def _passed_through(self, compliance: Compliance | None) -> str | None:
        """The rung that the source's own bitstream can be: the top one, if size and rate fit it."""
        picture = compliance.picture if compliance else None
        top = self.plan.top
        if (
            picture is None
            or not self.recipe.passthrough
            or (picture.width, picture.height) != (top.width, top.height)
            or picture.peak_bitrate > top.max_bitrate
            or picture.frame_rate != self.plan.look.frame_rate
        ):
            return None
        return top.name

    def _copied(
        self, compliance: Compliance | None, passed: str | None
    ) -> tuple[Encoded | None, Stream | None]:
        """The source remuxed, and published as a stream of one rung if the recipe wants that."""
        if compliance is None or compliance.picture is None:
            return None, None
        if passed is None and not self.recipe.first_publish:
            return None, None
        self.demands.report("copying", 0)
        keeps_sound = self._keeps_sound(compliance.picture, compliance.sound)
        name = passed or _SOURCE_RUNG
        copied = copy(
            self.plan, self.source, self.folder, name, self.seconds_left, sound=keeps_sound
        )
        if not self.recipe.first_publish:
            return copied, None
        # Where the ladder will have this very rung, both streams share its files.
        folder = "hls" if passed else "first"
        first = self._package(copied, folder=folder, master=FIRST_MASTER)
        self.demands.publish_first(first)
        if passed is None:
            # It is published, and its room is needed.
            copied.rungs[name].unlink()
        return copied, first

    def _keeps_sound(self, picture: CopiedPicture, sound: CopiedSound | None) -> bool:
        """Whether the source's own sound lasts as long as the picture and is as loud as wanted."""
        if sound is None or self.plan.loudness_target is not None:
            return False
        return sound.seconds >= picture.seconds - _SHORTER_SOUND

    def _package(
        self,
        encoded: Encoded,
        *,
        dash: bool = False,
        folder: str = "hls",
        master: str = MASTER,
    ) -> Stream:
        tracks = [
            SoundTrack(path, sound.language, sound.name)
            for sound, path in zip(self.plan.sounds, encoded.sounds, strict=True)
        ]
        try:
            return package(
                encoded.rungs,
                tracks,
                segment_seconds=self.recipe.segment_seconds,
                layout=self.recipe.segments,
                dash=dash,
                folder=folder,
                master=master,
            )
        except BoxError as error:
            sentence = f"No stream can be made of the video ({error})."
            raise PermanentError("corrupt_video", sentence) from error

    def _downloads(self, encoded: Encoded) -> tuple[Download, ...]:
        made = remux(self.plan, encoded, self.folder, self.seconds_left)
        return tuple(
            Download(f"downloads/{rung.name}.mp4", rung.width, rung.height, made[rung.name])
            for rung in self.plan.rungs
            if rung.name in made
        )

    def _left_at_first(self, first: Stream, error: PermanentError) -> Transcoded:
        """What can be made without encoding, where there is no time for more."""
        self.demands.reserve(0)
        for unfinished in [*self.folder.glob("rung-*.mp4"), *stills.all_in(self.folder)]:
            unfinished.unlink()
        glance(self.plan, self.source, self.folder, self.seconds_left)
        warning = f"Only the video as it was uploaded can be played: {error.sentence}"
        # What was measured until then is not the whole.
        sounds.loudness_file(self.folder).unlink(missing_ok=True)
        return self._result(first, self._chosen_poster(), warnings=(warning,))

    def _result(
        self,
        stream: Stream,
        poster: Path,
        downloads: tuple[Download, ...] = (),
        passed: str | None = None,
        *,
        warnings: tuple[str, ...] = (),
        not_copied: tuple[str, ...] = (),
    ) -> Transcoded:
        sheets = tuple(stills.sheets(self.folder))
        board = self.plan.storyboard
        return Transcoded(
            self.probe,
            stream,
            downloads,
            poster,
            Storyboard(sheets, webvtt(board, stream.seconds, [sheet.name for sheet in sheets]))
            if board and sheets
            else None,
            sounds.read_loudness(sounds.loudness_file(self.folder)),
            passed,
            warnings,
            not_copied,
        )

    def _chosen_poster(self) -> Path:
        """The others make room for the downloads."""
        candidates = stills.candidates(self.folder)
        chosen = posters.choose(candidates)
        for candidate in candidates:
            if candidate != chosen:
                candidate.unlink()
        return chosen

    def _refuse_other_length(self, stream: Stream) -> None:
        """What a header said about the length is only known to be wrong at the end."""
        refuse_beyond(self.plan.limits, self.probe.picture, stream.seconds)
        if stream.seconds >= self.plan.longest - 1:
            raise senseless_times(self.plan.longest)
        seconds = stream.seconds
        if self.probe.picture.seconds_of == "file":
            seconds = max([seconds, *(sound.seconds for sound in stream.sounds)])
        refuse_truncated(seconds, self.plan.seconds)
