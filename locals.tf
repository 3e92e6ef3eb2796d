locals {
  account = {
    id        = data.aws_caller_identity.current.account_id
    partition = data.aws_partition.current.partition
    region    = data.aws_region.current.id

    dns_suffix = data.aws_partition.current.dns_suffix
  }

  max_receives = 5

  # The media bucket, and the one for what is made if that is another.
  buckets = merge(
    { media = {
      existing_name = var.storage.existing_bucket_name
      manage_notifications = var.intake.enabled && coalesce(
        var.storage.manage_bucket_notifications, var.storage.existing_bucket_name == null
      )
    } },
    var.storage.existing_outputs_bucket_name == null ? {} : { outputs = {
      existing_name        = var.storage.existing_outputs_bucket_name
      manage_notifications = false
    } },
  )
  outputs_bucket = try(module.storage["outputs"], module.storage["media"])

  artifact_names = formatlist("%s.zip", concat(
    contains(var.media, "images") ? ["image-processor"] : [],
    contains(var.media, "videos") ? ["video-processor"] : [],
    contains(var.media, "videos") && var.ffmpeg_layer == null ? ["ffmpeg-layer"] : [],
    local.has_sweep ? ["sweep"] : [],
  ))

  # What Lambda takes directly; a larger zip goes by way of a bucket.
  most_bytes = 50 * 1024 * 1024
  staging_buckets = { for artifact in ["image-processor", "video-processor", "ffmpeg-layer", "sweep"] :
    artifact => try(
      jsondecode(file("${var.artifacts.directory}/${artifact}.zip.json")).bytes > local.most_bytes, false
    ) ? coalesce(var.artifacts.bucket, module.storage["media"].name) : null
  }

  # How long a queue hides a message from other workers, as AWS advises, and when it hands it out again.
  visibility_seconds = { for route in var.media : route => 6 * var.functions[route].timeout_seconds }

  address_form = "^[^@\\s]+@[^@\\s]+[.][^@\\s]+$"
  rate_form    = "^rate\\(([1-9][0-9]*) (minute|hour)s?\\)$"

  function_ranges = {
    memory_mb       = { from = 128, to = 10240 }
    timeout_seconds = { from = 30, to = 900 }
    storage_mb      = { from = 512, to = 10240 }
    concurrency     = { from = 2, to = 1000 }
  }

  processors = { for route, processor in {
    images = {
      artifact = "image-processor"
      handler  = "image_processor.lambda_handler"
      layers   = []
      sizing   = var.functions.images

      permissions = {}
    }
    videos = {
      artifact = "video-processor"
      handler  = "video_processor.lambda_handler"
      layers   = module.ffmpeg_layer[*].arn
      sizing   = var.functions.videos

      permissions = local.model_permissions
    }
  } : route => processor if contains(var.media, route) }

  # Made of the names, not taken from the intakes, which wait until the functions may read the queues.
  queue_arns = { for route in keys(local.processors) : route => join(":", [
    "arn", local.account.partition, "sqs", local.account.region, local.account.id,
    local.names["${route}_queue"],
  ]) }
}

# What a cutting job asks for variations, and what the function's role must be allowed for that.
locals {
  model = local.recipe.videos.cuts.model

  # A profile's id is its model's behind the name of a part of the world, such as `eu`.
  profile_form = "^(?:[a-z]{2}(?:-[a-z]+)?|apac|global)[.]([a-z0-9-]+[.][A-Za-z0-9.:-]+)$"
  model_form   = "^arn:[a-z-]+:bedrock:[a-z0-9-]+:([0-9]{12})?:(foundation-model/[a-z0-9-]+[.]|inference-profile/|application-inference-profile/|provisioned-model/|custom-model-deployment/)[A-Za-z0-9.:-]+$"

  model_arn = startswith(local.model, "arn:") ? local.model : join(":", [
    "arn", local.account.partition, "bedrock", local.account.region,
    can(regex(local.profile_form, local.model)) ? local.account.id : "",
    can(regex(local.profile_form, local.model)) ? "inference-profile/${local.model}" :
    "foundation-model/${local.model}",
  ])

  # Through a profile the model is asked wherever Bedrock likes. An application's profile does not
  # tell its model.
  profile_id = try(regex(":(?:application-)?inference-profile/(.+)$", local.model_arn)[0], null)
  model_behind_profile = join(":", [
    "arn", local.account.partition, "bedrock", "*", "",
    "foundation-model/${try(regex(local.profile_form, local.profile_id)[0], "*")}",
  ])

  model_permissions = { for reason, permission in {
    ask-model = local.model == "" ? null : {
      actions   = ["bedrock:InvokeModel"]
      resources = [local.model_arn]
    }
    # Asked in two steps, for a module that has to wait knows its account late, and whether there is
    # a model at all must not depend on that.
    ask-model-through-profile = local.model == "" ? null : local.profile_id == null ? null : {
      actions   = ["bedrock:InvokeModel"]
      resources = [local.model_behind_profile]
      condition = { ArnEquals = { "bedrock:InferenceProfileArn" = local.model_arn } }
    }
  } : reason => permission if permission != null }
}

locals {
  # Names of roles and of dashboards know no region, so a second deployment in another one needs its
  # own.
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
      sweep        = { limit = 64, text = "${var.name}-sweep" }
      sweep_role   = { limit = 64, text = "${var.name}-sweep-${local.account.region}" }
      schedule_role = {
        limit = 64
        text  = "${var.name}-sweep-schedule-${local.account.region}"
      }
      alarm_topic = { limit = 256, text = "${var.name}-alarms" }
      dashboard   = { limit = 255, text = "${var.name}-media-${local.account.region}" }
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
