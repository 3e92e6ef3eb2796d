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
    })
    videos = merge(local.default_recipe.videos, try(local.said.videos, {}), {
      limits = merge(local.default_recipe.videos.limits, try(local.said.videos.limits, {}))
      audio  = merge(local.default_recipe.videos.audio, try(local.said.videos.audio, {}))
      poster = merge(local.default_recipe.videos.poster, try(local.said.videos.poster, {}), {
        blurhash = merge(
          local.default_recipe.videos.poster.blurhash, try(local.said.videos.poster.blurhash, {})
        )
      })
    })
  }
  said = jsondecode(local.recipe_differences)

  # What stands before the first placeholder: all that a policy or a filter can match.
  originals_prefix = regex("^[^{]*", local.recipe.keys.originals)
  outputs_prefix   = regex("^[^{]*", local.recipe.keys.outputs)
}

# What the preconditions of the output `recipe` look at.
locals {
  template_form = "^([\\w.'()-]|{[a-z]\\w*})([\\w.'()/-]|{[a-z]\\w*})*$"
  name_form     = "^[A-Za-z0-9][A-Za-z0-9_-]*$"

  placeholders = { for name, template in local.recipe.keys :
    name => flatten(regexall("{(\\w+)}", template))
  }

  renditions = flatten([for stills in [local.recipe.images, local.recipe.videos.poster] : [
    for name, rendition in stills.renditions : merge(rendition, { name = name })
  ]])

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
          local.recipe.videos.audio.bitrate,
        ],
      )
    },
    {
      most = 100
      are = flatten([for rendition in local.renditions :
        [for encoding in values(rendition.formats) : encoding.quality]
      ])
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
