locals {
  default_recipe = jsondecode(
    file("${path.module}/lambda-common/media_pipeline/default_recipe.json")
  )

  # What the caller left out is null in the variable and absent in the JSON. Quotes inside of a
  # string are escaped in JSON, so neither pattern can match within one.
  recipe_differences = replace(
    replace(jsonencode(var.recipe), "/,\"[A-Za-z0-9_-]+\":null/", ""),
    "/\"[A-Za-z0-9_-]+\":null,?/", ""
  )

  # As the functions lay them over it (`recipe.py`): objects merge, maps are replaced.
  recipe = {
    keys = merge(local.default_recipe.keys, try(local.said.keys, {}))
    images = merge(local.default_recipe.images, try(local.said.images, {}), {
      limits   = merge(local.default_recipe.images.limits, try(local.said.images.limits, {}))
      blurhash = merge(local.default_recipe.images.blurhash, try(local.said.images.blurhash, {}))
      lqip     = merge(local.default_recipe.images.lqip, try(local.said.images.lqip, {}))
    })
    videos = merge(local.default_recipe.videos, try(local.said.videos, {}), {
      limits = merge(local.default_recipe.videos.limits, try(local.said.videos.limits, {}))
      audio  = merge(local.default_recipe.videos.audio, try(local.said.videos.audio, {}))
      storyboard = merge(
        local.default_recipe.videos.storyboard, try(local.said.videos.storyboard, {})
      )
      cuts = merge(local.default_recipe.videos.cuts, try(local.said.videos.cuts, {}), {
        captions = merge(
          local.default_recipe.videos.cuts.captions, try(local.said.videos.cuts.captions, {})
        )
      })
      poster = merge(local.default_recipe.videos.poster, try(local.said.videos.poster, {}), {
        blurhash = merge(
          local.default_recipe.videos.poster.blurhash, try(local.said.videos.poster.blurhash, {})
        )
        lqip = merge(
          local.default_recipe.videos.poster.lqip, try(local.said.videos.poster.lqip, {})
        )
      })
    })
    record = merge(local.default_recipe.record, try(local.said.record, {}))
    jobs   = merge(local.default_recipe.jobs, try(local.said.jobs, {}))
  }
  said = jsondecode(local.recipe_differences)
}

# What the preconditions of the output `recipe` look at.
locals {
  template_form = "^([\\w.'()-]|{[a-z]\\w*})([\\w.'()/-]|{[a-z]\\w*})*$"
  name_form     = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
  colour_form   = "^#[0-9A-Fa-f]{6}$"

  # What other files are called that lie beside those of the rungs (`RESERVED_NAMES`).
  reserved_form = "^(master|manifest|original|source|audio(-\\d+)?|.*-iframes)$"
  reserved_rungs = [for name in keys(local.recipe.videos.ladder) :
    name if can(regex(local.reserved_form, name))
  ]

  stills = { images = local.recipe.images, videos = local.recipe.videos.poster }

  renditions = flatten([for stills in values(local.stills) : [
    for name, rendition in stills.renditions : merge(rendition, {
      name       = name
      watermarks = keys(stills.watermarks)
    })
  ]])
  encodings = flatten([for rendition in local.renditions : [
    for format, encoding in rendition.formats : merge(encoding, { format = format })
  ]])
  watermarks = flatten([for stills in values(local.stills) : [
    for name, watermark in stills.watermarks : merge(watermark, { name = name })
  ]])

  most_effort = { jpg = 0, webp = 6, avif = 9, png = 9 }

  raw_suffixes = formatlist(".%s", [
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq", "kdc", "mef",
    "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw",
    "x3f",
  ])

  recipe_quantities = flatten([for group in [
    {
      most = 1000000000000000
      are = concat(
        values(local.recipe.images.limits),
        values(local.recipe.videos.limits),
        flatten([for rendition in local.renditions : try(rendition.box, [rendition.width], [])]),
        flatten([for rung in values(local.recipe.videos.ladder) : values(rung)]),
        [
          local.recipe.videos.gop_seconds, local.recipe.videos.segment_seconds,
          local.recipe.videos.audio.bitrate, local.recipe.videos.cuts.bitrate,
          local.recipe.videos.cuts.max_bitrate, local.recipe.videos.cuts.buffer,
          local.recipe.videos.cuts.short_side,
        ],
      )
    },
    {
      most = 100
      are = concat(
        [for encoding in local.encodings : encoding.quality if can(encoding.quality)],
        [for stills in values(local.stills) : stills.lqip.quality],
        [local.recipe.videos.storyboard.quality],
        flatten([for watermark in local.watermarks :
          [try(watermark.opacity, 100), try(watermark.width, 100)]
        ]),
      )
    },
    {
      most = 9
      are = concat(
        values(local.recipe.images.blurhash), values(local.recipe.videos.poster.blurhash)
      )
    },
    { most = 120, are = [local.recipe.videos.max_frame_rate] },
  ] : [for quantity in group.are : { is = quantity, most = group.most }]])
}
