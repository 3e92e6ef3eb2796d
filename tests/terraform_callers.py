"""Callers of the Terraform module, and the recipes that they give it."""

from __future__ import annotations

import json
from typing import Any

from media_pipeline.recipe import DEFAULT_RECIPE

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DEFAULT = json.loads(DEFAULT_RECIPE.read_text())

CALL = """
module "media" {{
  source    = "../.."
  name      = "shop"
  artifacts = {{ directory = "../../artifacts" }}
{said}
}}

provider "aws" {{
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {{
    sts = "{endpoint}"
  }}
}}
"""
"""A root that says `said` to the module, for a plan that asks AWS only whose account it is."""


def _stills(watermark: str) -> dict[str, Any]:
    """Between them, these say every word of a rendition, an encoding and a watermark."""
    return {
        "renditions": {
            "small": {"width": 64, "formats": {"webp": {"quality": 50}}},
            "square": {
                "box": [48, 32],
                "fit": "cover",
                "focus": [0.25, 1],
                "animated": True,
                "watermark": "logo",
                "formats": {
                    "jpg": {"quality": 60, "progressive": False},
                    "webp": {"quality": 50, "effort": 6},
                    "avif": {"quality": 40, "effort": 0},
                    "png": {"effort": 9},
                },
            },
        },
        "watermarks": {
            "logo": {
                "key": watermark,
                "position": "center",
                "opacity": 40,
                "width": 30,
                "margin": 0,
            }
        },
    }


EVERYTHING = {
    **DEFAULT,
    "images": {**DEFAULT["images"], **_stills("brand/photo.png")},
    "videos": {
        **DEFAULT["videos"],
        "poster": {**DEFAULT["videos"]["poster"], **_stills("brand/poster.png")},
    },
    # What a function is told must not pass 4 KB.
    "record": {**DEFAULT["record"], "attributes": {"status": "status"}},
    "jobs": {**DEFAULT["jobs"], "attributes": {"status": "status"}},
}
CALLERS: dict[str, dict[str, Any]] = {
    "who_says_nothing": {},
    "who_says_all": {"recipe": EVERYTHING},
    "who_differs": {
        "recipe": {
            "keys": {
                "outputs": "made/{project_id}/{media_id}/{output}",
                "segments": "cut/pieces-{job_id}/{output}",
            },
            "images": {
                "limits": {"pixels": 1000},
                "renditions": {
                    "small": {"width": 64, "box": None, "formats": {"webp": {"quality": 50}}},
                    "square": {
                        "box": [48, 32],
                        "fit": "cover",
                        "focus": [0.25, 1],
                        "watermark": "logo",
                        "formats": {
                            "jpg": {"quality": 60, "progressive": False},
                            "png": {"effort": 9},
                            "avif": {"quality": 40, "effort": 0},
                        },
                    },
                },
                "watermarks": {
                    "logo": {"key": "brand/logo.png", "opacity": 40},
                    "stamp": {"key": "brand/stamp.webp"},
                },
                "lqip": {"side": 8},
                "placeholders": ["lqip"],
                "drop_larger": True,
                "position": True,
            },
            "videos": {
                "poster": {"blurhash": {"x_components": 2}, "background": "#00ff00"},
                "gop_seconds": 1,
                "segment_seconds": None,
                "storyboard": {"seconds": 0, "width": None},
                "dash": True,
                "passthrough": False,
                "audio": {"channels": 1, "loudness_target": -23.5},
                "original": "copied",
                "cuts": {
                    "bitrate": 2000000,
                    "captions": {"size": 6.5, "box": "#00ff00", "outline": None},
                    "model": "eu.amazon.nova-lite-v1:0",
                },
            },
            "record": {
                "key": {"id": "media_id", "projectId": "join('-', [project_id, 'shop'])"},
                "attributes": {"state": "status=='completed' && 'done' || status"},
            },
            "jobs": {"attributes": {"state": "status", "pieces": "outputs[].key"}},
        },
        "delivery_domain": "media.example.com",
        "storage": {
            "kms": {"key_arn": KEY_ARN},
            "cors": {"shop": {"allowed_origins": ["https://shop.example.com"]}},
        },
    },
}
