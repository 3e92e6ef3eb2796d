locals {
  account = {
    id        = data.aws_caller_identity.current.account_id
    partition = data.aws_partition.current.partition
    region    = data.aws_region.current.id
  }

  max_receives = 5

  artifact_names = ["image-processor.zip", "video-processor.zip", "ffmpeg-layer.zip"]

  function_ranges = {
    memory_mb       = { from = 128, to = 10240 }
    timeout_seconds = { from = 30, to = 900 }
    storage_mb      = { from = 512, to = 10240 }
    concurrency     = { from = 2, to = 1000 }
  }

  processors = {
    images = {
      artifact = "image-processor"
      handler  = "image_processor.lambda_handler"
      layers   = []
      sizing   = var.functions.images
    }
    videos = {
      artifact = "video-processor"
      handler  = "video_processor.lambda_handler"
      layers   = [module.ffmpeg_layer.arn]
      sizing   = var.functions.videos
    }
  }

  # Made of the names, not taken from the intakes, which wait until the functions may read the queues.
  queue_arns = { for route in keys(local.processors) : route => join(":", [
    "arn", local.account.partition, "sqs", local.account.region, local.account.id,
    local.names["${route}_queue"],
  ]) }
}

locals {
  # Role names know no region, so a second deployment in another one needs its own.
  full_names = merge(
    {
      bucket = {
        limit = 63
        text = coalesce(
          var.storage.bucket_name,
          "${var.name}-media-${local.account.id}-${local.account.region}",
        )
      }
      table        = { limit = 255, text = coalesce(var.catalog.table_name, "${var.name}-media") }
      ffmpeg_layer = { limit = 64, text = "${var.name}-ffmpeg" }
    },
    [for route in ["images", "videos"] : {
      "${route}_function" = {
        limit = 64
        text  = "${var.name}-${trimsuffix(route, "s")}-processor"
      }
      "${route}_role" = {
        limit = 64
        text  = "${var.name}-${trimsuffix(route, "s")}-processor-${local.account.region}"
      }
      "${route}_queue"             = { limit = 64, text = "${var.name}-${route}" }
      "${route}_dead_letter_queue" = { limit = 80, text = "${var.name}-${route}-dead-letters" }
    }]...
  )

  names = { for thing, full in local.full_names : thing => (
    length(full.text) <= full.limit ? full.text :
    "${trimsuffix(substr(full.text, 0, full.limit - 9), "-")}-${substr(sha256(full.text), 0, 8)}"
  ) }
}
