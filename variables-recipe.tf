variable "recipe" {
  description = <<-EOT
    What is made of an upload, as differences to the default recipe
    (`lambda-common/media_pipeline/default_recipe.json`). Every attribute is optional; what is left
    out stays as it is there, and a map that is given (`renditions`, `ladder`) replaces the whole
    map. The output `recipe` shows the result, and refuses what cannot work.

    - `keys`: `originals`, the template of the keys that are taken in, with `{project_id}` and
      `{media_id}`; `outputs`, that of the keys that are written, with `{output}` and `{revision}`.
    - `images`: `suffixes`; `limits` (`bytes`, `pixels`); `background` under transparency, as
      `#rrggbb`; `renditions` by name: a `width` or a `box` (`[width, height]`, pixels) and
      `formats` (`jpg`, `webp`) with their `quality` (1 to 100); `blurhash` (`x_components`,
      `y_components`, 1 to 9).
    - `videos`: `suffixes`; `limits` (`bytes`, `seconds`, `pixels` of a frame); `poster`
      (`background`, `renditions`, `blurhash` as above); `effort` (`low`, `medium`, `high`);
      `max_frame_rate`; `gop_seconds`, and `segment_seconds`, a multiple of it; `segments`
      (`byte_ranges`, `objects`); `ladder` by name of the rung: `short_side` (pixels), `bitrate`,
      `max_bitrate` and `buffer` (bits); `audio` (`bitrate`, `channels`, `sample_rate`);
      `downloads`, names of rungs or `top`.
  EOT
  type = object({
    keys = optional(object({
      originals = optional(string)
      outputs   = optional(string)
    }))
    images = optional(object({
      suffixes   = optional(list(string))
      limits     = optional(object({ bytes = optional(number), pixels = optional(number) }))
      background = optional(string)
      renditions = optional(map(object({
        width   = optional(number)
        box     = optional(tuple([number, number]))
        formats = map(object({ quality = number }))
      })))
      blurhash = optional(object({
        x_components = optional(number)
        y_components = optional(number)
      }))
    }))
    videos = optional(object({
      suffixes = optional(list(string))
      limits = optional(object({
        bytes   = optional(number)
        seconds = optional(number)
        pixels  = optional(number)
      }))
      poster = optional(object({
        background = optional(string)
        renditions = optional(map(object({
          width   = optional(number)
          box     = optional(tuple([number, number]))
          formats = map(object({ quality = number }))
        })))
        blurhash = optional(object({
          x_components = optional(number)
          y_components = optional(number)
        }))
      }))
      effort          = optional(string)
      max_frame_rate  = optional(number)
      gop_seconds     = optional(number)
      segment_seconds = optional(number)
      segments        = optional(string)
      ladder = optional(map(object({
        short_side  = number
        bitrate     = number
        max_bitrate = number
        buffer      = number
      })))
      audio = optional(object({
        bitrate     = optional(number)
        channels    = optional(number)
        sample_rate = optional(number)
      }))
      downloads = optional(list(string))
    }))
  })
  default  = {}
  nullable = false
}
