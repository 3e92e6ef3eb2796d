provider "aws" {
  region = var.region
}

# Uploads in one bucket of the gallery's, what is made of them in another, records in its table.
module "media" {
  source = "../.."

  name            = "gallery"
  artifacts       = { directory = var.artifacts_directory }
  architecture    = var.architecture
  runtime         = var.runtime
  delivery_domain = "photos.example.com"

  media   = ["images"]
  catalog = { existing_table_name = "acme-photos" }
  storage = {
    existing_bucket_name         = "acme-media"
    existing_outputs_bucket_name = "acme-renditions"
  }

  recipe = {
    keys = {
      originals = "{gallery_id}/{photo_id}_{name}.{ext}"
      outputs   = "renditions/{gallery_id}/{photo_id}_{name}_{output}"
    }

    images = {
      suffixes = formatlist(".%s", [
        "jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "tif", "tiff",
        "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "pef",
      ])
      renditions = {
        thumbnail = { box = [400, 400], formats = { jpg = { quality = 80 } } }
        small     = { box = [800, 600], formats = { jpg = { quality = 85 } } }
        medium    = { box = [2000, 2000], formats = { jpg = { quality = 90 } } }
        large     = { box = [4000, 4000], formats = { jpg = { quality = 92 } } }
      }
    }

    record = {
      key = { id = "photo_id" }
      attributes = merge(
        {
          status       = "status=='completed'&&'active'||status"
          processed_at = "processedAt"
          error        = "error.message"
          dimensions   = "{width:width,height:height}"
          camera       = "metadata.camera"
          settings     = "metadata.{lens:lens,exposure:exposureSeconds,aperture:aperture,iso:iso,focal_length:focalLengthMm}"
        },
        [for size in ["thumbnail", "small", "medium", "large"] : {
          for word, part in { url = "url", size = "bytes", checksum = "sha256" } :
          "${size}_${word}" => "renditions[?name=='${size}'].formats.jpg.${part}|[0]"
        }]...
      )
    }
  }
}
