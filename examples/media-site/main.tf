provider "aws" {
  region = var.region
}

# Everything of a medium lies in one folder, the original among what is made of it.
module "media" {
  source = "../.."

  name            = "site"
  artifacts       = { directory = var.artifacts_directory }
  architecture    = var.architecture
  runtime         = var.runtime
  delivery_domain = var.delivery_domain
  storage         = { force_destroy = var.disposable }
  catalog         = { deletion_protection = !var.disposable }

  recipe = {
    keys = {
      originals = "projects/{project_id}/media/{media_id}/original.{ext}"
      outputs   = "projects/{project_id}/media/{media_id}/{output}"
    }

    images = {
      renditions = merge(
        {
          thumb            = { box = [300, 300], formats = { jpg = { quality = 80 } } }
          blur_placeholder = { width = 20, formats = { jpg = { quality = 40 } } }
        },
        { for width in [320, 640, 960, 1280, 1920] : "${width}w" => {
          width   = width
          formats = { jpg = { quality = 80 }, webp = { quality = 78 } }
        } },
      )
    }

    videos = { segments = "objects" }

    record = {
      attributes = {
        processingStatus = "status"
        processingError  = "error.message"
        processedAt      = "processedAt"
        thumbnailUrl     = local.thumbnail
        imageQualities   = "renditions[?ends_with(name,'w')].{quality:name,url:formats.jpg.url,width:width,height:height,${local.resolution},formats:formats.{jpg:jpg.url,webp:webp.url}}||`null`"
        videoQualities   = "stream&&[stream.rungs[].{${local.video},isHLS:`true`},downloads[].{${local.video},isHLS:`false`}][]"
        urls             = "{original:original.url,thumbnail:${local.thumbnail},hls:stream.url}"
      }
    }
  }
}

# What the expressions above have in common.
locals {
  thumbnail  = "renditions[?name=='thumb'].formats.jpg.url|[0]"
  resolution = "resolution:join('x',[to_string(width),to_string(height)])"
  video      = "quality:name,url:url,width:width,height:height,bitrate:averageBandwidth,${local.resolution}"
}
