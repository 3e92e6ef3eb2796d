"""Four applications' words for their records, as differences from the default recipe."""

from __future__ import annotations

from typing import Any

Difference = dict[str, Any]

_RESOLUTION = "resolution:join('x',[to_string(width),to_string(height)])"
_THUMB = "renditions[?name=='thumb'].formats.jpg.url|[0]"

DEFAULT: Difference = {}

MEDIA_SITE: Difference = {
    "keys": {
        "originals": "projects/{project_id}/media/{media_id}/original.{ext}",
        "outputs": "projects/{project_id}/media/{media_id}/{output}",
    },
    "record": {
        "key": {"id": "media_id", "projectId": "project_id"},
        "attributes": {
            "processingStatus": "status",
            "processingError": "error.message",
            "processedAt": "processedAt",
            "thumbnailUrl": _THUMB,
            "imageQualities": (
                "renditions[?name!='thumb'].{quality:name,url:formats.jpg.url,width:width,"
                f"height:height,{_RESOLUTION},formats:formats.{{jpg:jpg.url,webp:webp.url}}}}"
                "||`null`"
            ),
            "videoQualities": (
                "stream&&[stream.rungs[].{quality:name,url:url,width:width,height:height,"
                f"bitrate:averageBandwidth,{_RESOLUTION},isHLS:`true`}},"
                "downloads[].{quality:name,url:url,width:width,height:height,"
                f"bitrate:averageBandwidth,{_RESOLUTION},isHLS:`false`}}][]"
            ),
            "urls": f"{{original:original.url,thumbnail:{_THUMB},hls:stream.url}}",
        },
    },
}


def _of(name: str) -> dict[str, str]:
    file = f"renditions[?name=='{name}'].formats.jpg"
    return {
        f"{name}_url": f"{file}.url|[0]",
        f"{name}_size": f"{file}.bytes|[0]",
        f"{name}_checksum": f"{file}.sha256|[0]",
    }


PHOTO_GALLERY: Difference = {
    "keys": {
        "originals": "{gallery_id}/{photo_id}_{name}.{ext}",
        "outputs": "renditions/{gallery_id}/{photo_id}_{name}_{output}",
    },
    "record": {
        "key": {"id": "photo_id"},
        "attributes": {
            "status": "status=='completed'&&'active'||status",
            "processed_at": "processedAt",
            **_of("thumbnail"),
            **_of("small"),
            **_of("medium"),
            **_of("large"),
            "dimensions": "{width:width,height:height}",
            "camera": "metadata.camera",
            "settings": (
                "metadata.{exposure:exposureSeconds,aperture:aperture,iso:iso,"
                "focal_length:focalLengthMm}"
            ),
        },
    },
    "jobs": {"key": {"id": "job_id"}},
}

VIDEO_JOBS: Difference = {
    "videos": {"jobs": "segments"},
    "record": {"key": {"video_id": "media_id"}},
    "jobs": {
        "key": {"video_id": "job_id"},
        "attributes": {
            "status": "status=='completed'&&'COMPLETED'||status=='failed'&&'FAILED'||'PROCESSING'",
            "processing_stage": "processing_stage",
            "progress_percentage": "progress_percentage",
            "output_s3_keys": "outputs[].key",
            "output_s3_urls": "outputs[].url",
            "error_message": "error.message",
            "segments_created": "segmentsCreated",
            "updated_at": "updatedAt",
        },
    },
}

VOCABULARIES = {
    "default": DEFAULT,
    "media-site": MEDIA_SITE,
    "photo-gallery": PHOTO_GALLERY,
    "video-jobs": VIDEO_JOBS,
}
