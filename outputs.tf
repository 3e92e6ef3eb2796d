output "bucket" {
  description = "The media bucket: `name`, `arn`, `regional_domain_name` (an origin for a CDN)."
  value = {
    name                 = module.storage.name
    arn                  = module.storage.arn
    regional_domain_name = module.storage.regional_domain_name
  }
}

output "table" {
  description = "The media table: `name`, `arn`."
  value = {
    name = module.catalog.name
    arn  = module.catalog.arn
  }
}

output "functions" {
  description = "By route (`images`, `videos`): `name`, `arn`, `role_arn`, `log_group`."
  value = { for route, function in module.function : route => {
    name      = function.name
    arn       = function.arn
    role_arn  = function.role_arn
    log_group = function.log_group
  } }
}

output "queues" {
  description = "By route: `queue` and `dead_letter_queue` (each `name`, `url`, `arn`), `rule_arn`."
  value = { for route, intake in module.intake : route => {
    queue             = intake.queue
    dead_letter_queue = intake.dead_letter_queue
    rule_arn          = intake.rule_arn
  } }
}

output "ffmpeg_layer_arn" {
  description = "The layer version that holds ffmpeg and ffprobe."
  value       = module.ffmpeg_layer.arn
}

output "recipe" {
  description = "The whole recipe, as the functions will follow it: the default with your differences."
  value       = local.recipe

  precondition {
    condition = (
      can(regex(local.template_form, local.recipe.keys.originals)) &&
      strcontains(local.recipe.keys.originals, "{project_id}") &&
      strcontains(local.recipe.keys.originals, "{media_id}") &&
      length(local.placeholders.originals) == length(distinct(local.placeholders.originals)) &&
      !contains(local.placeholders.originals, "output") &&
      !contains(local.placeholders.originals, "revision")
    )
    error_message = "Write `recipe.keys.originals` with `{project_id}` and `{media_id}`, which name the record, no placeholder twice, no `{output}` or `{revision}`, and otherwise letters, digits and -_.'()/ only, such as originals/{project_id}/{media_id}/{filename}."
  }

  precondition {
    condition = (
      can(regex(local.template_form, local.recipe.keys.outputs)) &&
      contains(local.placeholders.outputs, "output") &&
      (
        contains(local.placeholders.outputs, "revision") ||
        length(setsubtract(["project_id", "media_id"], local.placeholders.outputs)) == 0
      ) &&
      length(setsubtract(
        local.placeholders.outputs,
        concat(local.placeholders.originals, ["output", "revision"]),
      )) == 0
    )
    error_message = "Write `recipe.keys.outputs` with `{output}`, with `{revision}` (or `{project_id}` and `{media_id}`, for keys that stay the same), with no placeholder that `recipe.keys.originals` lacks, and otherwise letters, digits and -_.'()/ only, such as renditions/{project_id}/{media_id}/{revision}/{output}."
  }

  precondition {
    condition = !(
      startswith(local.outputs_prefix, local.originals_prefix) ||
      startswith(local.originals_prefix, local.outputs_prefix)
    )
    error_message = "What is written would be taken in again: `recipe.keys.outputs` begins with \"${local.outputs_prefix}\" and `recipe.keys.originals` with \"${local.originals_prefix}\". Begin them differently, such as with originals/ and renditions/."
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
        length(setsubtract(keys(rendition.formats), ["jpg", "webp"])) == 0
    ])
    error_message = "Give `recipe` at least one of `renditions`, and each of them a name of letters, digits, - and _, either a `width` or a `box`, and `formats` out of `jpg` and `webp`, such as { small = { width = 640, formats = { webp = { quality = 78 } } } }."
  }

  precondition {
    condition = (
      length(local.recipe.videos.ladder) > 0 &&
      alltrue([for name in keys(local.recipe.videos.ladder) :
        can(regex(local.name_form, name)) && !contains(["audio", "master"], name)
      ]) &&
      alltrue([for rung in values(local.recipe.videos.ladder) : rung.short_side >= 2]) &&
      length(setsubtract(
        local.recipe.videos.downloads, concat(keys(local.recipe.videos.ladder), ["top"])
      )) == 0
    )
    error_message = "Give `recipe.videos.ladder` at least one rung, named in letters, digits, - and _ (but not `audio` or `master`) and with a `short_side` from 2, and `recipe.videos.downloads` names of its rungs (${join(", ", keys(local.recipe.videos.ladder))}) or `top`."
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
      can(regex("^#[0-9A-Fa-f]{6}$", local.recipe.images.background)) &&
      can(regex("^#[0-9A-Fa-f]{6}$", local.recipe.videos.poster.background))
    )
    error_message = "In `recipe`, set `effort` to `low`, `medium` or `high`, `segments` to `byte_ranges` or `objects`, `channels` to 1 or 2, `sample_rate` to 44100 or 48000, and each `background` to a colour such as #ffffff."
  }
}
