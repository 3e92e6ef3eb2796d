# The keys of objects: what a route matches, and what is written.
locals {
  # What stands before the first placeholder: all that a policy or a filter can match.
  originals_prefix = regex("^[^{]*", local.recipe.keys.originals)
  outputs_prefix   = regex("^[^{]*", local.recipe.keys.outputs)
  segments_prefix  = regex("^[^{]*", local.recipe.keys.segments)

  placeholders = { for name, template in local.recipe.keys :
    name => flatten(regexall("{(\\w+)}", template))
  }

  # Of the prefixes of what is written where uploads are taken in, those that do not tell the two
  # apart.
  written_prefixes = !local.is_taken_in_where_written ? [] : concat(
    [local.outputs_prefix], contains(var.media, "videos") ? [local.segments_prefix] : []
  )
  blurred_prefixes = [for prefix in local.written_prefixes : prefix if
    startswith(prefix, local.originals_prefix) || startswith(local.originals_prefix, prefix)
  ]
  is_taken_in_where_written = var.intake.enabled && (
    var.storage.existing_outputs_bucket_name == null ||
    var.storage.existing_outputs_bucket_name ==
    coalesce(var.storage.existing_bucket_name, local.names.bucket)
  )

  # As policies and rules take them: their `*` stands for slashes, too, and must not be doubled.
  forms = { for name, template in local.recipe.keys :
    name => replace(template, "/({\\w+})+/", "*")
  }

  # A cutting job may name any video under the prefix.
  readable = { images = local.forms.originals, videos = "${local.originals_prefix}*" }

  key_wildcard = length(local.blurred_prefixes) == 0 ? null : local.forms.originals

  # Every name of an output, `*` standing for a number or an ending.
  output_names = distinct(concat(
    flatten([for route in var.media : [for name, rendition in local.stills[route].renditions :
      [for format in keys(rendition.formats) : "${name}.${format}"]
    ]]),
    !contains(var.media, "videos") ? [] : concat(
      ["storyboard/storyboard.vtt", "storyboard/*.jpg"],
      ["hls/master.m3u8", "hls/manifest.mpd", "hls/first.m3u8", "first/first.m3u8"],
      flatten([for track in setproduct(
        ["hls", "first"], concat(keys(local.recipe.videos.ladder), ["source", "audio", "audio-*"])
        ) : formatlist("${join("/", track)}%s", [
          ".mp4", ".m3u8", "-iframes.m3u8", "/init.mp4", "/segment_*.m4s",
      ])]),
      [for rung in keys(local.recipe.videos.ladder) : "downloads/${rung}.mp4"],
      local.recipe.videos.original == "copied" ? ["downloads/original.*"] : [],
    ),
  ))
  written_forms = [for template in !local.is_taken_in_where_written ? [] : concat(
    [for name in local.output_names : replace(local.recipe.keys.outputs, "{output}", name)],
    !contains(var.media, "videos") ? [] : [
      replace(local.recipe.keys.segments, "{output}", "segment_*.mp4")
    ],
  ) : replace(template, "/({\\w+})+/", "*")]

  # What is written may be taken for an original if each part of its key may be: if neither what the
  # two begin with nor what they end in tells them apart.
  taken_for_originals = [for written in local.written_forms : written if
    length(split("/", written)) == length(split("/", local.forms.originals)) &&
    alltrue([for at, part in split("/", written) :
      (
        startswith(regex("^[^*]*", part), local.original_parts[at].begin) ||
        startswith(local.original_parts[at].begin, regex("^[^*]*", part))
        ) && (
        endswith(regex("[^*]*$", part), local.original_parts[at].end) ||
        endswith(local.original_parts[at].end, regex("[^*]*$", part))
      )
      if at < length(local.original_parts)
    ])
  ]
  original_parts = [for part in split("/", local.forms.originals) :
    { begin = regex("^[^*]*", part), end = regex("[^*]*$", part) }
  ]

  # The wildcard alone lets more pass, for its `*` stands for slashes as well.
  route_form = "^${replace(replace(local.forms.originals, "/[.()']/", "[$0]"), "*", ".*")}$"
  routed_again = local.key_wildcard == null ? [] : [for written in local.written_forms : written if
    can(regex(local.route_form, replace(written, "*", "0")))
  ]
}

# The keys of records: the attributes that the table is keyed by.
locals {
  # A medium's record is made for an upload, or for a job that makes what an upload would.
  has_media_records = (
    var.intake.enabled || contains(var.media, "images") || local.recipe.videos.jobs == "stream"
  )
  has_job_records = contains(var.media, "videos")

  record_attributes = sort(keys(
    local.has_media_records ? local.recipe.record.key : local.recipe.jobs.key
  ))
  hash_key = coalesce(
    var.catalog.hash_key,
    contains(local.record_attributes, "id") ? "id" : try(local.record_attributes[0], "id"),
  )
  table_key = {
    hash  = local.hash_key
    range = try(tolist(setsubtract(local.record_attributes, [local.hash_key]))[0], null)
  }

  # The words that the expressions of each key read: not what stands in quotes, and no function.
  key_words = { for record in ["record", "jobs"] : record => distinct(flatten([
    for expression in values(local.recipe[record].key) :
    regexall("[A-Za-z_]\\w*", replace(replace(expression, "/'[^']*'|`[^`]*`/", ""), "/\\w+\\(/", ""))
  ])) }

  # What must stand in keys that are used again, so that no two records write the same ones.
  key_placeholders = [for placeholder in local.placeholders.originals :
    placeholder if contains(local.key_words.record, placeholder)
  ]
}
