"""Every kind of photo file that is taken, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from negatives import with_white_band
from photo_files import (
    ALPHAS,
    AVIF,
    BMP,
    CONVERTED,
    GIF,
    GREYS,
    HEIC,
    INKS,
    INTERPOLATED,
    JPEG,
    LOSSY,
    PNG,
    RAW,
    RAW_SIZE,
    RGB,
    SIZE,
    TIFF,
    WEBP,
    Kind,
    animation,
    cmyk_file,
    deep_heic,
    dng,
    file_of,
    from_display_p3,
    from_lab,
    lab_samples,
    pages,
    palette_file,
    plain_colours,
    png,
    shown,
    shown_by,
    sixteen,
    strange_inks_file,
    tiff,
    with_alpha,
    ycck_file,
)
from pictures import Samples, display_p3_profile, quarters

COLOURED, GREY, INKED = shown(RGB), shown(GREYS), shown(plain_colours(INKS))
BLACK_AND_WHITE = [0, 255, 255, 0]
CLEAR, CLEAR_GREY = shown(RGB, ALPHAS), shown(GREYS, ALPHAS)
ONE_CLEAR = [255, 255, 255, 0]
"""Transparency of one quarter, which is all that some files can say."""
HOLE, GREY_HOLE = shown(RGB, ONE_CLEAR), shown(GREYS, ONE_CLEAR)

rgb, grey, inks = quarters(SIZE, RGB), quarters(SIZE, GREYS), quarters(SIZE, INKS)
rgba, grey_alpha = quarters(SIZE, with_alpha(RGB)), quarters(SIZE, with_alpha(GREYS))
rgb16, grey16, rgba16 = sixteen(RGB), sixteen(GREYS), sixteen(with_alpha(RGB))
grey_alpha16 = sixteen(with_alpha(GREYS))


def jpeg(**options: Any) -> Callable[[], bytes]:  # noqa: ANN401
    return lambda: file_of(rgb, "JPEG", **{"quality": 95, **options})


def clear(*levels: int) -> tuple[bytes, bytes]:
    """The chunk that says which colour of a PNG is transparent (PNG, third edition, 11.3.1.1)."""
    return b"tRNS", b"".join(level.to_bytes(2, "big") for level in levels)


def premultiplied() -> Samples:
    shares = np.array(ALPHAS)[:, None] / 255
    colours = np.rint(np.array(RGB) * shares).astype(int)
    return quarters(SIZE, with_alpha(colours))


KINDS = {
    "jpeg 4:4:4": Kind(JPEG, jpeg(subsampling="4:4:4"), COLOURED, LOSSY),
    "jpeg 4:2:2": Kind(JPEG, jpeg(subsampling="4:2:2"), COLOURED, LOSSY),
    "jpeg 4:2:0": Kind(JPEG, jpeg(subsampling="4:2:0"), COLOURED, LOSSY),
    "jpeg progressive": Kind(JPEG, jpeg(progressive=True), COLOURED, LOSSY),
    "jpeg with restarts": Kind(JPEG, jpeg(restart_marker_blocks=5), COLOURED, LOSSY),
    "jpeg rgb": Kind(JPEG, jpeg(keep_rgb=True), COLOURED, LOSSY),
    "jpeg grey": Kind(JPEG, lambda: file_of(grey, "JPEG", quality=95), GREY, LOSSY),
    "jpeg cmyk": Kind(JPEG, cmyk_file, INKED, LOSSY),
    "jpeg cmyk progressive": Kind(JPEG, lambda: cmyk_file(progressive=True), INKED, LOSSY),
    "jpeg ycck": Kind(JPEG, ycck_file, INKED, LOSSY),
    "jpeg cmyk with profile": Kind(
        JPEG, lambda: strange_inks_file("JPEG", quality=95), COLOURED, LOSSY
    ),
    "jpeg display p3": Kind(
        JPEG, jpeg(icc_profile=display_p3_profile()), shown(from_display_p3(RGB)), LOSSY
    ),
    "jpeg with others behind": Kind(JPEG, lambda: animation("MPO", quality=95), COLOURED, LOSSY),
    "png 1 bit": Kind(
        PNG,
        lambda: file_of(quarters(SIZE, BLACK_AND_WHITE) > 0, "PNG"),
        shown(BLACK_AND_WHITE),
    ),
    "png grey": Kind(PNG, lambda: png(grey, 0), GREY),
    "png grey, one clear": Kind(PNG, lambda: png(grey, 0, clear(GREYS[3])), GREY_HOLE),
    "png palette": Kind(PNG, lambda: palette_file("PNG"), COLOURED),
    "png palette 2 bits": Kind(PNG, lambda: palette_file("PNG", bits=2), COLOURED),
    "png palette alpha": Kind(PNG, lambda: palette_file("PNG", transparency=bytes(ALPHAS)), CLEAR),
    "png rgb": Kind(PNG, lambda: png(rgb, 2), COLOURED),
    "png rgb, one clear": Kind(PNG, lambda: png(rgb, 2, clear(*RGB[3])), HOLE),
    "png rgba": Kind(PNG, lambda: png(rgba, 6), CLEAR),
    "png grey alpha": Kind(PNG, lambda: png(grey_alpha, 4), CLEAR_GREY),
    "png 16-bit grey": Kind(PNG, lambda: png(grey16, 0), GREY),
    "png 16-bit grey, one clear": Kind(
        PNG, lambda: png(grey16, 0, clear(GREYS[3] * 257)), GREY_HOLE
    ),
    "png 16-bit grey alpha": Kind(PNG, lambda: png(grey_alpha16, 4), CLEAR_GREY),
    "png 16-bit rgb": Kind(PNG, lambda: png(rgb16, 2), COLOURED),
    "png 16-bit rgb, one clear": Kind(
        PNG, lambda: png(rgb16, 2, clear(*(level * 257 for level in RGB[3]))), HOLE
    ),
    "png 16-bit rgba": Kind(PNG, lambda: png(rgba16, 6), CLEAR),
    "png display p3": Kind(
        PNG,
        lambda: file_of(rgba, "PNG", icc_profile=display_p3_profile()),
        shown(from_display_p3(RGB), ALPHAS),
    ),
    "png animated": Kind(PNG, lambda: animation("PNG"), COLOURED),
    "webp lossy": Kind(WEBP, lambda: file_of(rgb, "WEBP", quality=95), COLOURED, LOSSY),
    "webp lossy alpha": Kind(WEBP, lambda: file_of(rgba, "WEBP", quality=95), CLEAR, LOSSY),
    "webp lossless alpha": Kind(WEBP, lambda: file_of(rgba, "WEBP", lossless=True), CLEAR),
    "webp animated": Kind(WEBP, lambda: animation("WEBP", lossless=True), COLOURED),
    "gif": Kind(GIF, lambda: palette_file("GIF"), COLOURED),
    "gif, one clear": Kind(GIF, lambda: palette_file("GIF", transparency=3), HOLE),
    "gif animated": Kind(GIF, lambda: animation("GIF"), COLOURED),
    "tiff rgb": Kind(TIFF, lambda: tiff(rgb, "rgb"), COLOURED),
    "tiff rgb big-endian": Kind(TIFF, lambda: tiff(rgb, "rgb", byteorder=">"), COLOURED),
    "tiff rgb tiled": Kind(TIFF, lambda: tiff(rgb, "rgb", tile=(64, 64)), COLOURED),
    "tiff rgb planes": Kind(
        TIFF, lambda: tiff(rgb.transpose(2, 0, 1), "rgb", planarconfig="separate"), COLOURED
    ),
    "tiff rgb deflate": Kind(TIFF, lambda: tiff(rgb, "rgb", compression="zlib"), COLOURED),
    "tiff rgb lzw": Kind(TIFF, lambda: file_of(rgb, "TIFF", compression="tiff_lzw"), COLOURED),
    "tiff rgb lzw of differences": Kind(
        TIFF,
        lambda: file_of(rgb, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        COLOURED,
    ),
    "tiff rgb jpeg": Kind(
        TIFF, lambda: file_of(rgb, "TIFF", compression="jpeg", quality=95), COLOURED, LOSSY
    ),
    "tiff big": Kind(TIFF, lambda: tiff(rgb, "rgb", bigtiff=True), COLOURED),
    "tiff pages": Kind(TIFF, pages, COLOURED),
    "tiff grey": Kind(TIFF, lambda: tiff(grey, "minisblack"), GREY),
    "tiff grey, 0 is white": Kind(TIFF, lambda: tiff(255 - grey, "miniswhite"), GREY),
    "tiff 1 bit, group 4": Kind(
        TIFF,
        lambda: file_of(quarters(SIZE, BLACK_AND_WHITE) > 0, "TIFF", compression="group4"),
        shown(BLACK_AND_WHITE),
    ),
    "tiff palette": Kind(TIFF, lambda: palette_file("TIFF"), COLOURED),
    "tiff rgba": Kind(TIFF, lambda: tiff(rgba, "rgb", extrasamples=["unassalpha"]), CLEAR),
    "tiff rgba premultiplied": Kind(
        TIFF, lambda: tiff(premultiplied(), "rgb", extrasamples=["assocalpha"]), CLEAR, CONVERTED
    ),
    "tiff grey alpha": Kind(
        TIFF, lambda: tiff(grey_alpha, "minisblack", extrasamples=["unassalpha"]), CLEAR_GREY
    ),
    "tiff 16-bit grey": Kind(TIFF, lambda: tiff(grey16, "minisblack"), GREY),
    "tiff 16-bit grey big-endian": Kind(
        TIFF, lambda: tiff(grey16, "minisblack", byteorder=">"), GREY
    ),
    "tiff 16-bit rgb": Kind(TIFF, lambda: tiff(rgb16, "rgb"), COLOURED),
    "tiff 16-bit rgb big-endian": Kind(TIFF, lambda: tiff(rgb16, "rgb", byteorder=">"), COLOURED),
    "tiff 16-bit rgba": Kind(TIFF, lambda: tiff(rgba16, "rgb", extrasamples=["unassalpha"]), CLEAR),
    "tiff cmyk": Kind(TIFF, lambda: tiff(inks, "separated"), INKED),
    "tiff 16-bit cmyk": Kind(TIFF, lambda: tiff(sixteen(INKS), "separated"), INKED),
    "tiff cmyk with profile": Kind(TIFF, lambda: strange_inks_file("TIFF"), COLOURED, CONVERTED),
    "tiff lab": Kind(TIFF, lambda: tiff(lab_samples(), "cielab"), shown(from_lab()), INTERPOLATED),
    "tiff display p3": Kind(
        TIFF,
        lambda: file_of(rgb, "TIFF", icc_profile=display_p3_profile()),
        shown(from_display_p3(RGB)),
    ),
    "bmp 24 bits": Kind(BMP, lambda: file_of(rgb, "BMP"), COLOURED),
    "bmp 8 bits": Kind(BMP, lambda: palette_file("BMP"), COLOURED),
    "bmp grey": Kind(BMP, lambda: file_of(grey, "BMP"), GREY),
    "avif": Kind(AVIF, lambda: file_of(rgb, "AVIF", quality=95), COLOURED, LOSSY),
    "avif 4:4:4 alpha": Kind(
        AVIF, lambda: file_of(rgba, "AVIF", quality=95, subsampling="4:4:4"), CLEAR, LOSSY
    ),
    "avif animated": Kind(AVIF, lambda: animation("AVIF", quality=95), COLOURED, LOSSY),
    "avif display p3": Kind(
        AVIF,
        lambda: file_of(rgb, "AVIF", quality=95, icc_profile=display_p3_profile()),
        shown(from_display_p3(RGB)),
        LOSSY,
    ),
    "heic": Kind(HEIC, lambda: file_of(rgb, "HEIF", quality=95), COLOURED, LOSSY),
    "heic alpha": Kind(HEIC, lambda: file_of(rgba, "HEIF", quality=95, chroma="444"), CLEAR, LOSSY),
    "heic more bits": Kind(HEIC, lambda: deep_heic(rgb16), COLOURED, LOSSY),
    "heic display p3": Kind(
        HEIC,
        lambda: file_of(rgb, "HEIF", quality=100, icc_profile=display_p3_profile()),
        shown(from_display_p3(RGB)),
        LOSSY,
    ),
    "dng": Kind(RAW, dng, shown_by(with_white_band(RAW_SIZE, RGB)), CONVERTED),
    "dng with preview": Kind(
        RAW, lambda: dng(preview=True), shown_by(with_white_band(RAW_SIZE, RGB)), LOSSY
    ),
}
