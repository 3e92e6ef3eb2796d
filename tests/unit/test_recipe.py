"""The recipe as a caller's differences change it, and the keys that it names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.recipe import load_recipe, match_key
from media_pipeline.settings import Settings

DEFAULT = load_recipe()
WEBP = {"webp": {"quality": 70}}
ORIGINALS = DEFAULT.keys.originals
COMPONENT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=20
)


def rendition(**words: object) -> dict[str, object]:
    return {"images": {"renditions": {"a": words}}}


def rung(name: str, short_side: int = 480) -> dict[str, object]:
    step = {"short_side": short_side, "bitrate": 1, "max_bitrate": 1, "buffer": 1}
    return {"videos": {"downloads": [], "ladder": {name: step}}}


def mapping(**attributes: object) -> dict[str, object]:
    return {"record": {"attributes": attributes}}


def test_differences_merge_into_objects_and_replace_what_the_caller_names() -> None:
    card = {"width": 480, "formats": {"webp": {"quality": 70}}}
    differences = {"images": {"limits": {"pixels": 9}, "renditions": {"card": card}}}
    recipe = load_recipe(json.dumps(differences))
    assert recipe.images.limits.pixels == 9
    assert recipe.images.limits.bytes == DEFAULT.images.limits.bytes
    assert recipe.images.renditions.keys() == {"card"}
    assert recipe.videos == DEFAULT.videos


def test_differences_merge_however_deep_they_are() -> None:
    differences = {"videos": {"cuts": {"captions": {"size": 6}}}, "jobs": {"key": {"a": "b"}}}
    recipe = load_recipe(json.dumps(differences))
    assert recipe.record == DEFAULT.record
    assert recipe.videos.cuts.captions.size == 6
    assert recipe.videos.cuts.captions.colour == DEFAULT.videos.cuts.captions.colour
    assert recipe.videos.cuts.bitrate == DEFAULT.videos.cuts.bitrate
    assert (recipe.jobs.key, recipe.jobs.attributes) == ({"a": "b"}, DEFAULT.jobs.attributes)


def test_null_is_absent() -> None:
    assert load_recipe('{"images": null, "videos": {"limits": {"bytes": null}}}') == DEFAULT


@pytest.mark.parametrize(
    ("differences", "named"),
    [
        ({"imags": {}}, "imags"),
        ({"images": {"background": "white"}}, r"\$\.images\.background"),
        ({"images": {"renditions": {}}}, "renditions"),
        ({"images": {"renditions": {"a": {"width": 1, "formats": {}}}}}, "formats"),
        ({"images": {"renditions": {"a": {"formats": WEBP}}}}, "width or a box"),
        ({"images": {"renditions": {"a": {"width": 0, "formats": WEBP}}}}, "width"),
        ({"images": {"renditions": {"../a": {"width": 1, "formats": WEBP}}}}, "renditions"),
        ({"images": {"renditions": {"a": {"width": 1, "formats": {"gif": {}}}}}}, "gif"),
        (rendition(width=1, fit="cover", formats=WEBP), "box to cover"),
        (rendition(box=[1, 1], fit="cover", focus=[0, 1.1], formats=WEBP), "focus"),
        (rendition(width=1, animated=True, formats={"jpg": {"quality": 1}}), "animated"),
        (rendition(width=1, formats={"webp": {}}), "webp has a quality"),
        (rendition(width=1, formats={"png": {"quality": 1}}), "png has no quality"),
        (rendition(width=1, formats={"webp": {"quality": 1, "effort": 7}}), "at most 6"),
        (rendition(width=1, formats={"jpg": {"quality": 1, "effort": 1}}), "at most 0"),
        (rendition(width=1, formats={"png": {"progressive": True}}), "only jpg"),
        (rendition(width=1, formats=WEBP, watermark="logo"), "no watermark of the recipe: logo"),
        ({"images": {"watermarks": {"logo": {"key": "a.png", "width": 101}}}}, "width"),
        ({"images": {"placeholders": ["blurash"]}}, "blurash"),
        ({"images": {"lqip": {"side": 21}}}, "side"),
        ({"videos": {"segment_seconds": 3}}, "multiple"),
        ({"videos": {"ladder": {}}}, "rung"),
        ({"videos": {"downloads": ["4320p"]}}, "4320p"),
        (rung("master"), "not called master"),
        (rung("manifest"), "not called manifest"),
        (rung("original"), "not called original"),
        (rung("source"), "not called source"),
        (rung("audio"), "not called audio"),
        (rung("audio-2"), "not called audio-2"),
        (rung("480p-iframes"), "not called 480p-iframes"),
        (rung("dot", short_side=1), "short_side"),
        ({"keys": {"segments": ""}}, r"\$\.keys\.segments"),
        ({"videos": {"storyboard": {"seconds": -1}}}, r"storyboard\.seconds"),
        ({"videos": {"storyboard": {"width": 15}}}, r"storyboard\.width"),
        ({"videos": {"storyboard": {"columns": 21}}}, r"storyboard\.columns"),
        ({"videos": {"storyboard": {"rows": 0}}}, r"storyboard\.rows"),
        ({"videos": {"storyboard": {"quality": 101}}}, r"storyboard\.quality"),
        ({"videos": {"audio": {"tracks": 17}}}, r"audio\.tracks"),
        ({"videos": {"audio": {"loudness": "loud"}}}, "loud"),
        ({"videos": {"audio": {"loudness_target": -7.9}}}, r"audio\.loudness_target"),
        ({"videos": {"dash": 1}}, r"videos\.dash"),
        ({"videos": {"original": "moved"}}, "moved"),
        ({"videos": {"jobs": "texts"}}, "texts"),
        ({"videos": {"cuts": {"short_side": 1}}}, r"cuts\.short_side"),
        ({"videos": {"cuts": {"captions": {"position": "center"}}}}, "center"),
        ({"videos": {"cuts": {"captions": {"size": 0}}}}, r"captions\.size"),
        ({"videos": {"cuts": {"captions": {"colour": "white"}}}}, r"captions\.colour"),
        ({"videos": {"cuts": {"captions": {"box_opacity": 101}}}}, r"captions\.box_opacity"),
        ({"jobs": {"statuses": {"completed": "done"}}}, "statuses"),
        (mapping(pipeline="status"), r"pipeline.*\$\.record"),
        (mapping(projectId="status"), "projectId is an attribute of the key"),
        ({"record": {"key": {"pipeline": "media_id"}}}, "pipeline"),
        ({"record": {"key": {}}}, r"record\.key"),
        ({"record": {"key": {"a": "b", "c": "d", "e": "f"}}}, r"record\.key"),
        ({"record": {"key": {"type": "media_id"}}}, "type is an attribute of the key"),
        ({"jobs": {"key": {"job": "job_id ||"}}}, r"job: 'job_id \|\|' is no JMESPath.*\$\.jobs"),
        (mapping(url="renditions[0"), "url: 'renditions.0' is no JMESPath"),
        (mapping(url=""), "url: '' is no JMESPath"),
        (mapping(url="a.#"), "url: 'a.#' is no JMESPath"),
        (mapping(url="(" * 4000), "is no JMESPath"),
        (mapping(state="upper(status)"), "state: .* lacks: upper"),
        (mapping(state="a[?shout(b)].{c: d}"), "state: .* lacks: shout"),
        (mapping(state=7), r"attributes"),
        (mapping(**{"": "status"}), r"attributes"),
    ],
)
def test_a_recipe_that_means_nothing_is_refused_by_name(
    differences: dict[str, object], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        load_recipe(json.dumps(differences))


def test_the_digest_changes_with_the_recipe_and_with_nothing_else() -> None:
    same = {"images": {"background": DEFAULT.images.background}}
    other = {"images": {"background": "#fffffe"}}
    assert load_recipe(json.dumps(same)).digest == DEFAULT.digest
    assert load_recipe(json.dumps(other)).digest != DEFAULT.digest


@given(project=COMPONENT, medium=COMPONENT, filename=COMPONENT)
def test_a_key_made_of_the_template_gives_its_parts_back(
    project: str, medium: str, filename: str
) -> None:
    words = {"project_id": project, "media_id": medium, "filename": filename}
    assert match_key(ORIGINALS, ORIGINALS.format_map(words)) == words


@pytest.mark.parametrize(
    "key", ["originals/a/b", "originals/a/b/c/d", "originals//b/c", "xoriginals/a/b/c", ""]
)
def test_another_key_does_not_match(key: str) -> None:
    assert match_key(ORIGINALS, key) is None


def test_what_stands_between_placeholders_is_taken_literally() -> None:
    assert match_key("a.b/{media_id}_{name}.jpg", "axb/1_2.jpg") is None
    assert match_key("a.b/{media_id}_{name}.jpg", "a.b/1_2.jpg") == {"media_id": "1", "name": "2"}


GALLERY = "{gallery_id}/{photo_id}_{name}.{ext}"


@pytest.mark.parametrize(
    ("template", "key", "words"),
    [
        (GALLERY, "g/42_my_dog.v2.jpg", ("g", "42", "my_dog.v2", "jpg")),
        (GALLERY, "g/42_dog.jpg", ("g", "42", "dog", "jpg")),
        (GALLERY, "g/_42_dog.jpg", ("g", "_42", "dog", "jpg")),
        (GALLERY, "a.b_c/42_dog.JPEG", ("a.b_c", "42", "dog", "JPEG")),
        (GALLERY, "g/42_.x.jpg", ("g", "42", ".x", "jpg")),
        (GALLERY, "g/42_dog", None),
        (GALLERY, "g/42_dog.", None),
        (GALLERY, "g/42_.jpg", None),
        (GALLERY, "g/42.jpg", None),
        (GALLERY, "g/h/42_dog.jpg", None),
        ("p/{id}/original.{ext}", "p/7/original.jpg", ("7", "jpg")),
        ("p/{id}/original.{ext}", "p/7/original.tar.gz", None),
        ("p/{id}/original.{ext}", "p/7/thumb.jpg", None),
        ("{stem}.{ext}", "a.b.c", ("a.b", "c")),
    ],
)
def test_a_placeholder_takes_as_little_as_it_can_and_ext_no_dot(
    template: str, key: str, words: tuple[str, ...] | None
) -> None:
    matched = match_key(template, key)
    assert (matched and tuple(matched.values())) == words


def test_settings_come_from_the_environment() -> None:
    environment = {
        "MEDIA_TABLE": "media",
        "OUTPUT_BUCKET": "bucket",
        "MEDIA_RECIPE": '{"videos": {"effort": "high"}}',
        "MAX_RECEIVES": "3",
    }
    settings = Settings.from_environment(environment)
    assert (settings.table, settings.output_bucket) == ("media", "bucket")
    assert (settings.delivery_domain, settings.max_receives) == (None, 3)
    assert settings.recipe.videos.effort == "high"
    with pytest.raises(KeyError, match="MEDIA_TABLE"):
        Settings.from_environment({})
