"""Placeholder until PICTURES writes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannedStoryboard:
    interval: float
    width: int
    height: int
    columns: int
    rows: int
    quality: int


def plan_storyboard(seconds, width, height, words):  # type: ignore
    return PlannedStoryboard(5.0, 160, 90, 10, 1, 75)


def webvtt(plan, seconds, sheets):  # type: ignore
    return "WEBVTT\n"
