output "recipe" {
  description = "The whole recipe, as the functions will follow it: the default with your differences."
  value       = local.recipe

  precondition {
    condition = (
      can(regex(local.template_form, local.recipe.keys.originals)) &&
      length(local.recipe.keys.originals) <= 900 &&
      length(local.placeholders.originals) > 0 &&
      length(local.placeholders.originals) == length(distinct(local.placeholders.originals)) &&
      length(setintersection(
        local.placeholders.originals, ["output", "revision", "job_id", "user_id"]
      )) == 0
    )
    error_message = "Write `recipe.keys.originals` with placeholders such as `{project_id}` and `{media_id}`, which name the record, none twice, no `{output}`, `{revision}`, `{job_id}` or `{user_id}`, and otherwise at most 900 letters, digits and -_.'()/, such as originals/{project_id}/{media_id}/{filename}."
  }

  precondition {
    condition = !local.has_media_records || (
      can(regex(local.template_form, local.recipe.keys.outputs)) &&
      length(local.recipe.keys.outputs) <= 900 &&
      contains(local.placeholders.outputs, "output") &&
      (
        contains(local.placeholders.outputs, "revision") ||
        length(setsubtract(local.key_placeholders, local.placeholders.outputs)) == 0
      ) &&
      length(setsubtract(
        local.placeholders.outputs,
        concat(local.placeholders.originals, ["output", "revision"]),
      )) == 0
    )
    error_message = "Write `recipe.keys.outputs` with `{output}`, with `{revision}` (or with ${join(" and ", formatlist("`{%s}`", local.key_placeholders))}, which name the record, for keys that stay the same), with no placeholder that `recipe.keys.originals` lacks, and otherwise at most 900 letters, digits and -_.'()/, such as renditions/{project_id}/{media_id}/{revision}/{output}."
  }

  precondition {
    condition = (
      can(regex(local.template_form, local.recipe.keys.segments)) &&
      length(local.recipe.keys.segments) <= 900 &&
      length(setsubtract(["job_id", "output"], local.placeholders.segments)) == 0 &&
      length(setsubtract(local.placeholders.segments, ["job_id", "user_id", "output"])) == 0
    )
    error_message = "Write `recipe.keys.segments` with `{job_id}` and `{output}`, perhaps `{user_id}`, no other placeholder, and otherwise at most 900 letters, digits and -_.'()/, such as processed/{job_id}/{output}."
  }

  precondition {
    condition     = length(local.taken_for_originals) == 0
    error_message = "What is written would be taken in again: ${join(", ", slice(local.taken_for_originals, 0, min(3, length(local.taken_for_originals))))} may be a key of `recipe.keys.originals` (${local.recipe.keys.originals}) too. Begin the originals differently, such as with originals/, or give them a name that no output has, such as original.{ext}."
  }

  precondition {
    condition     = length(local.routed_again) == 0
    error_message = "What is written would reach the route again: ${join(", ", slice(local.routed_again, 0, min(3, length(local.routed_again))))} matches its wildcard ${local.forms.originals}, whose * stands for slashes too. Begin the originals differently, such as with originals/, or keep `recipe.videos.original` from \"copied\"."
  }

  precondition {
    condition = !local.has_media_records || (
      length(setsubtract(
        local.key_words.record, concat(local.placeholders.originals, ["job_id", "user_id"])
      )) == 0 &&
      alltrue([for expression in values(local.recipe.record.key) :
        anytrue([for placeholder in local.placeholders.originals :
          can(regex("\\b${placeholder}\\b", expression))
        ])
      ])
    )
    error_message = "Give each attribute of `recipe.record.key` a placeholder of `recipe.keys.originals` (${join(", ", local.placeholders.originals)}), such as { id = \"media_id\", projectId = \"project_id\" }."
  }

  precondition {
    condition = !local.has_job_records || (
      length(setsubtract(local.key_words.jobs, ["job_id", "user_id"])) == 0 &&
      contains(local.key_words.jobs, "job_id")
    )
    error_message = "Give the attributes of `recipe.jobs.key` `job_id` and perhaps `user_id`, such as { id = \"job_id\", projectId = \"user_id || 'jobs'\" }."
  }

  precondition {
    condition = (
      contains([1, 2], length(local.record_attributes)) &&
      contains(local.record_attributes, local.hash_key) && (
        !local.has_media_records || !local.has_job_records ||
        toset(keys(local.recipe.record.key)) == toset(keys(local.recipe.jobs.key))
      )
    )
    error_message = "One table is keyed by one or two attributes: give `recipe.record.key` (${join(", ", keys(local.recipe.record.key))}) and `recipe.jobs.key` (${join(", ", keys(local.recipe.jobs.key))}) the same ones, `catalog.hash_key`, if it is set, among them."
  }

  precondition {
    condition = (
      var.catalog.existing_table_name != null || var.catalog.hash_key != null ||
      length(local.record_attributes) < 2 || contains(local.record_attributes, "id")
    )
    error_message = "Set `catalog.hash_key` to ${join(" or ", local.record_attributes)}: the table that is made is partitioned by it, which cannot be changed later."
  }

  precondition {
    condition = alltrue([for record in [local.recipe.record, local.recipe.jobs] :
      length(record.attributes) > 0 &&
      length(setintersection(keys(record.attributes), concat(keys(record.key), ["pipeline"]))) == 0 &&
      alltrue([for expression in concat(values(record.key), values(record.attributes)) :
        try(length(trimspace(expression)) > 0, false)
      ]) &&
      alltrue([for name in concat(keys(record.key), keys(record.attributes)) :
        length(name) > 0 && length(name) <= 255
      ])
    ])
    error_message = "Give `attributes` of `recipe.record` and of `recipe.jobs` by their names in the table, each with its JMESPath expression, such as { status = \"status\" }; those of `key` and `pipeline` are not among them."
  }

  precondition {
    condition = alltrue([for suffixes in [local.recipe.images.suffixes, local.recipe.videos.suffixes] :
      length(suffixes) > 0 && alltrue([for suffix in suffixes : can(regex("^[.][a-z0-9]+$", suffix))])
    ])
    error_message = "Give `suffixes` in `recipe` as endings in lower case with their dot, such as [\".jpg\", \".png\"]; upper case is matched too."
  }

  precondition {
    condition = length(setintersection(
      local.recipe.images.suffixes, local.recipe.videos.suffixes
    )) == 0
    error_message = "Take ${join(", ", setintersection(local.recipe.images.suffixes, local.recipe.videos.suffixes))} out of `suffixes` of either `recipe.images` or `recipe.videos`: one upload would go both ways."
  }

  precondition {
    condition = (
      min(length(local.recipe.images.renditions), length(local.recipe.videos.poster.renditions)) > 0
      ) && alltrue([for rendition in local.renditions :
        can(regex(local.name_form, rendition.name)) && can(rendition.width) != can(rendition.box) &&
        length(rendition.formats) > 0 &&
        length(setsubtract(keys(rendition.formats), keys(local.most_effort))) == 0
    ])
    error_message = "Give `recipe` at least one of `renditions`, and each of them a name of letters, digits, - and _, either a `width` or a `box`, and `formats` out of `jpg`, `webp`, `avif` and `png`, such as { small = { width = 640, formats = { webp = { quality = 78 } } } }."
  }

  precondition {
    condition = alltrue([for rendition in local.renditions :
      contains(["inside", "cover"], try(rendition.fit, "inside")) &&
      (try(rendition.fit, "inside") == "inside" || can(rendition.box)) &&
      alltrue([for share in try(rendition.focus, []) : share >= 0 && share <= 1]) &&
      (!try(rendition.animated, false) || can(rendition.formats.webp))
    ])
    error_message = "In `renditions` of `recipe`, set `fit` to `inside` or, with a `box`, to `cover`, `focus` to two shares from 0 to 1, such as [0.5, 0.5], and `animated` only where `webp` is among the `formats`."
  }

  precondition {
    condition = alltrue([for encoding in local.encodings :
      can(encoding.quality) != (encoding.format == "png") &&
      contains(range(try(local.most_effort[encoding.format], 0) + 1), try(encoding.effort, 0)) &&
      (encoding.format == "jpg" || !can(encoding.progressive))
    ])
    error_message = "In `formats` of `recipe`, give `jpg`, `webp` and `avif` a `quality` and `png` none; `effort` is 0 to 6 for `webp`, 0 to 9 for `avif` and `png`, and nothing for `jpg`, which alone may be `progressive`."
  }

  precondition {
    condition = alltrue([for rendition in local.renditions :
      !can(rendition.watermark) || contains(rendition.watermarks, try(rendition.watermark, ""))
    ])
    error_message = "Each `watermark` in `renditions` of `recipe` is the name of one of the `watermarks` beside them."
  }

  precondition {
    condition = alltrue([for watermark in local.watermarks :
      can(regex(local.name_form, watermark.name)) &&
      can(regex("^[^*?{}]{1,900}$", watermark.key)) &&
      !anytrue([for prefix in [local.originals_prefix, local.outputs_prefix, local.segments_prefix] :
        startswith(watermark.key, prefix)
      ]) &&
      contains(
        ["top_left", "top_right", "bottom_left", "bottom_right", "center"],
        try(watermark.position, "center"),
      ) &&
      contains(range(51), try(watermark.margin, 0))
    ])
    error_message = "Give each of `watermarks` in `recipe` a name of letters, digits, - and _, a `key` that is neither among the uploads nor among what is made of them and has none of *?{}, such as brand/logo.png, a `position` out of `top_left`, `top_right`, `bottom_left`, `bottom_right` and `center`, and a `margin` from 0 to 50."
  }

  precondition {
    condition = alltrue([for stills in values(local.stills) :
      length(setsubtract(
        stills.placeholders, ["blurhash", "thumbhash", "lqip", "dominant_color"]
      )) == 0 && contains(range(4, 21), stills.lqip.side)
    ])
    error_message = "Choose `placeholders` in `recipe` out of `blurhash`, `thumbhash`, `lqip` and `dominant_color`, and give `lqip` a `side` from 4 to 20 pixels."
  }

  precondition {
    condition = (
      length(setintersection(local.recipe.images.suffixes, local.raw_suffixes)) == 0 || try(
        tobool(jsondecode(file("${var.artifacts.directory}/image-processor.zip.json")).raw) != false, true
      )
    )
    error_message = "The image processor in ${var.artifacts.directory} is built without camera RAW, which `recipe.images.suffixes` asks for (${join(", ", setintersection(local.recipe.images.suffixes, local.raw_suffixes))}): run `make build RAW=1`."
  }

  precondition {
    condition = (
      length(local.recipe.videos.ladder) > 0 &&
      alltrue([for name in keys(local.recipe.videos.ladder) :
        can(regex(local.name_form, name))
      ]) && length(local.reserved_rungs) == 0 &&
      alltrue([for rung in values(local.recipe.videos.ladder) : rung.short_side >= 2]) &&
      length(setsubtract(
        local.recipe.videos.downloads, concat(keys(local.recipe.videos.ladder), ["top"])
      )) == 0
    )
    error_message = "Give `recipe.videos.ladder` at least one rung, named in letters, digits, - and _ (but not `master`, `manifest`, `original`, `source`, `audio`, `audio-1` and the like, or with `-iframes` at the end) and with a `short_side` from 2, and `recipe.videos.downloads` names of its rungs (${join(", ", keys(local.recipe.videos.ladder))}) or `top`."
  }

  precondition {
    condition     = local.recipe.videos.segment_seconds % local.recipe.videos.gop_seconds == 0
    error_message = "Make `recipe.videos.segment_seconds` (${local.recipe.videos.segment_seconds}) a multiple of `recipe.videos.gop_seconds` (${local.recipe.videos.gop_seconds})."
  }

  precondition {
    condition = alltrue([for quantity in local.recipe_quantities :
      quantity.is >= 1 && quantity.is <= quantity.most && floor(quantity.is) == quantity.is
    ])
    error_message = "Give whole numbers from 1 for every size, limit, bit rate and duration in `recipe`, up to 100 for a `quality`, 9 for a component of `blurhash` and 120 for `max_frame_rate`."
  }

  precondition {
    condition = (
      contains(["low", "medium", "high"], local.recipe.videos.effort) &&
      contains(["byte_ranges", "objects"], local.recipe.videos.segments) &&
      contains([1, 2], local.recipe.videos.audio.channels) &&
      contains([44100, 48000], local.recipe.videos.audio.sample_rate) &&
      alltrue([for stills in values(local.stills) :
        can(regex(local.colour_form, stills.background))
      ])
    )
    error_message = "In `recipe`, set `effort` to `low`, `medium` or `high`, `segments` to `byte_ranges` or `objects`, `channels` to 1 or 2, `sample_rate` to 44100 or 48000, and each `background` to a colour such as #ffffff."
  }

  precondition {
    condition = (
      contains(range(1, 17), local.recipe.videos.audio.tracks) &&
      contains(["measured", "normalised"], local.recipe.videos.audio.loudness) &&
      local.recipe.videos.audio.loudness_target >= -36 &&
      local.recipe.videos.audio.loudness_target <= -8
    )
    error_message = "In `recipe.videos.audio`, set `tracks` to a whole number from 1 to 16, `loudness` to `measured` or `normalised`, and `loudness_target` to -36 to -8 LUFS, such as -16."
  }

  precondition {
    condition = (
      local.recipe.videos.storyboard.seconds >= 0 &&
      floor(local.recipe.videos.storyboard.seconds) == local.recipe.videos.storyboard.seconds &&
      contains(range(16, 641), local.recipe.videos.storyboard.width) &&
      contains(range(1, 21), local.recipe.videos.storyboard.columns) &&
      contains(range(1, 21), local.recipe.videos.storyboard.rows)
    )
    error_message = "In `recipe.videos.storyboard`, set whole numbers: `seconds` from 0, which makes none, `width` from 16 to 640, `columns` and `rows` from 1 to 20."
  }

  precondition {
    condition = (
      contains(["listed", "copied", "left_out"], local.recipe.videos.original) &&
      contains(["stream", "segments"], local.recipe.videos.jobs)
    )
    error_message = "In `recipe.videos`, set `original` to `listed`, `copied` or `left_out`, and `jobs` to `stream` or `segments`."
  }

  precondition {
    condition = (
      local.recipe.videos.cuts.short_side >= 2 &&
      contains(
        ["top_left", "top_right", "bottom_left", "bottom_right"],
        local.recipe.videos.cuts.captions.position,
      ) &&
      local.recipe.videos.cuts.captions.size > 0 && local.recipe.videos.cuts.captions.size <= 25 &&
      alltrue([for part in ["colour", "outline", "box"] :
        can(regex(local.colour_form, local.recipe.videos.cuts.captions[part]))
      ]) &&
      contains(range(101), local.recipe.videos.cuts.captions.box_opacity)
    )
    error_message = "In `recipe.videos.cuts`, set `short_side` to 2 or more, and in its `captions` `position` to `top_left`, `top_right`, `bottom_left` or `bottom_right`, `size` to more than 0 and at most 25, `colour`, `outline` and `box` to colours such as #ffffff, and `box_opacity` to a whole number from 0 to 100."
  }

  precondition {
    condition     = local.recipe.videos.cuts.model == "" || can(regex(local.model_form, local.model_arn))
    error_message = "Give `recipe.videos.cuts.model` as the id or the ARN of a model or an inference profile that Amazon Bedrock has, such as amazon.nova-lite-v1:0 or eu.amazon.nova-lite-v1:0, or leave it empty."
  }
}
