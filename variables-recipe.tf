variable "recipe" {
  description = <<-EOT
    What is made of an upload, as differences to the default recipe
    (`lambda-common/media_pipeline/default_recipe.json`). Every attribute is optional; what is left
    out stays as it is there, and a map that is given (`renditions`, `ladder`, `attributes`) replaces
    the whole map. The output `recipe` shows the result, and refuses what cannot work.

    - `keys`: `originals`, the template of the keys that are taken in, with placeholders of your own,
      each for as little of one part of the path as will do, `{ext}` for what follows the last dot;
      `outputs`, that of the keys that are written, with `{output}` and `{revision}` and any of
      those; `segments`, that of what cutting jobs write, with `{job_id}`, `{output}` and perhaps
      `{user_id}`. Outputs may lie beside the originals (`{media_id}/original.{ext}`) as long as no
      output can be taken for one. A cutting job
      can name any video whose key begins as `originals` does before its first placeholder; the
      functions may read no others.
    - `images`: `suffixes`; `limits` (`bytes`, `pixels`, `frames` of an animation); `background`
      under transparency, as `#rrggbb`; `renditions` and `watermarks` as below; `drop_larger`
      leaves out a WebP or AVIF that is not smaller than its JPEG; `placeholders` out of
      `blurhash`, `thumbhash`, `lqip` and `dominant_color`; `blurhash` (`x_components`,
      `y_components`, 1 to 9); `lqip` (`side`, 4 to 20 pixels, and `quality`); `perceptual_hash`;
      `position`, whether records say where a photo was taken.
    - `renditions`, by name: a `width` or a `box` (`[width, height]`, pixels); `fit`, `inside` or
      `cover` (of a box), with `focus` (`[across, down]`, shares from the top left); `animated`
      (in `webp`); `watermark`, the name of one; `formats` by name, `jpg`, `webp`, `avif` (each
      with its `quality`, 1 to 100) and `png`, with an `effort` of 0 to 6 for `webp` and 0 to 9
      for `avif` and `png`, and `progressive` for `jpg`.
    - `watermarks`, by name: `key` of an image in the bucket of the outputs; `position`
      (`top_left`, `top_right`, `bottom_left`, `bottom_right`, `center`); `opacity`, `width` and
      `margin`, percent, the latter two of a rendition's width.
    - `videos`: `suffixes`; `limits` (`bytes`, `seconds`, `pixels` of a frame); `poster`
      (as `images` from `background` to `lqip`); `storyboard`, small pictures every so many
      `seconds` (0 makes none), each of a `width` (16 to 640 pixels) and a `quality`, on sheets of
      `columns` by `rows` (1 to 20); `effort` (`low`, `medium`, `high`); `max_frame_rate`;
      `gop_seconds`, and `segment_seconds`, a multiple of it; `segments` (`byte_ranges`,
      `objects`); `dash`, a DASH manifest beside the playlists; `first_publish`, whether a video
      that needs no encoding can be played before the ladder is ready; `passthrough`, whether such
      a video is the top rung if it fits; `ladder` by name of the rung: `short_side` (pixels, from
      2), `bitrate`, `max_bitrate` and `buffer` (bits); `audio` (`bitrate`, `channels`,
      `sample_rate`; `tracks`, how many are kept at most, 1 to 16; `loudness`, `measured` or
      `normalised` to `loudness_target`, -36 to -8 LUFS); `downloads`, names of rungs or `top`;
      `original`, whether downloads have the upload itself (`listed`), a copy of it beside the
      outputs (`copied`) or neither (`left_out`); `jobs`, what a direct job makes that names neither
      cuts nor texts: the `stream` or `segments`.
    - `cuts` of `videos`, how a cutting job encodes and writes: `bitrate`, `max_bitrate`, `buffer`
      and `short_side` as a rung; `captions`: `position` (`top_left`, `top_right`, `bottom_left`,
      `bottom_right`), `size` (percent of the frame's short side, up to 25), `colour`, `outline` and
      `box` as `#rrggbb`, `box_opacity` in percent; `model`, the one of Amazon Bedrock that varies
      texts, empty for none: the id or the ARN of a model that the account has access to
      (`amazon.nova-lite-v1:0`) or of an inference profile (`eu.amazon.nova-lite-v1:0`). Naming one
      lets the function ask it, which AWS charges for.
    - `record`, how a medium's record is written: `key`, the one or two attributes that the table is
      keyed by, each with the placeholder of `keys.originals` that fills it (`{ id = "media_id",
      projectId = "project_id" }`), and `attributes`, everything else by its name in the table, each
      a JMESPath expression over the record as the default recipe names its parts
      (`{ thumbnail_url = "renditions[?name=='thumb'] | [0].formats.jpg.url" }`). What finds nothing
      is left out. `pipeline` is always written, and is the module's own.
    - `jobs`, the same for the record of a cutting job; its `key` is made of `job_id` and `user_id`.
  EOT
  type = object({
    keys = optional(object({
      originals = optional(string)
      outputs   = optional(string)
      segments  = optional(string)
    }))
    images = optional(object({
      suffixes = optional(list(string))
      limits = optional(object({
        bytes  = optional(number)
        pixels = optional(number)
        frames = optional(number)
      }))
      background = optional(string)
      renditions = optional(map(object({
        width     = optional(number)
        box       = optional(tuple([number, number]))
        fit       = optional(string)
        focus     = optional(tuple([number, number]))
        animated  = optional(bool)
        watermark = optional(string)
        formats = map(object({
          quality     = optional(number)
          effort      = optional(number)
          progressive = optional(bool)
        }))
      })))
      watermarks = optional(map(object({
        key      = string
        position = optional(string)
        opacity  = optional(number)
        width    = optional(number)
        margin   = optional(number)
      })))
      drop_larger  = optional(bool)
      placeholders = optional(list(string))
      blurhash = optional(object({
        x_components = optional(number)
        y_components = optional(number)
      }))
      lqip            = optional(object({ side = optional(number), quality = optional(number) }))
      perceptual_hash = optional(bool)
      position        = optional(bool)
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
          width     = optional(number)
          box       = optional(tuple([number, number]))
          fit       = optional(string)
          focus     = optional(tuple([number, number]))
          animated  = optional(bool)
          watermark = optional(string)
          formats = map(object({
            quality     = optional(number)
            effort      = optional(number)
            progressive = optional(bool)
          }))
        })))
        watermarks = optional(map(object({
          key      = string
          position = optional(string)
          opacity  = optional(number)
          width    = optional(number)
          margin   = optional(number)
        })))
        drop_larger  = optional(bool)
        placeholders = optional(list(string))
        blurhash = optional(object({
          x_components = optional(number)
          y_components = optional(number)
        }))
        lqip = optional(object({ side = optional(number), quality = optional(number) }))
      }))
      storyboard = optional(object({
        seconds = optional(number)
        width   = optional(number)
        columns = optional(number)
        rows    = optional(number)
        quality = optional(number)
      }))
      effort          = optional(string)
      max_frame_rate  = optional(number)
      gop_seconds     = optional(number)
      segment_seconds = optional(number)
      segments        = optional(string)
      dash            = optional(bool)
      first_publish   = optional(bool)
      passthrough     = optional(bool)
      ladder = optional(map(object({
        short_side  = number
        bitrate     = number
        max_bitrate = number
        buffer      = number
      })))
      audio = optional(object({
        bitrate         = optional(number)
        channels        = optional(number)
        sample_rate     = optional(number)
        tracks          = optional(number)
        loudness        = optional(string)
        loudness_target = optional(number)
      }))
      downloads = optional(list(string))
      original  = optional(string)
      jobs      = optional(string)
      cuts = optional(object({
        bitrate     = optional(number)
        max_bitrate = optional(number)
        buffer      = optional(number)
        short_side  = optional(number)
        captions = optional(object({
          position    = optional(string)
          size        = optional(number)
          colour      = optional(string)
          outline     = optional(string)
          box         = optional(string)
          box_opacity = optional(number)
        }))
        model = optional(string)
      }))
    }))
    record = optional(object({ key = optional(map(string)), attributes = optional(map(string)) }))
    jobs   = optional(object({ key = optional(map(string)), attributes = optional(map(string)) }))
  })
  default  = {}
  nullable = false
}
