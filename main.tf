data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "storage" {
  source   = "./modules/storage"
  for_each = local.buckets

  account                       = local.account
  name                          = local.names.bucket
  existing_name                 = each.value.existing_name
  verify                        = var.verify_existing
  manage_notifications          = each.value.manage_notifications
  force_destroy                 = var.storage.force_destroy
  versioning                    = var.storage.versioning
  kms_key_arn                   = try(var.storage.kms.key_arn, null)
  cors                          = var.storage.cors
  abort_incomplete_uploads_days = var.storage.abort_incomplete_uploads_days
  expire_noncurrent_days        = var.storage.expire_noncurrent_days
  expire_days                   = var.storage.expire_days
  tags                          = var.tags
}

module "catalog" {
  source = "./modules/catalog"

  account                = local.account
  name                   = local.names.table
  existing_name          = var.catalog.existing_table_name
  verify                 = var.verify_existing
  key                    = local.table_key
  point_in_time_recovery = var.catalog.point_in_time_recovery
  deletion_protection    = var.catalog.deletion_protection
  tags                   = var.tags
}

module "ffmpeg_layer" {
  source = "./modules/ffmpeg-layer"
  count  = contains(var.media, "videos") ? 1 : 0

  name           = local.names.ffmpeg_layer
  zip            = "${var.artifacts.directory}/ffmpeg-layer.zip"
  staging_bucket = local.staging_buckets["ffmpeg-layer"]
  existing       = var.ffmpeg_layer == null ? null : { arn = var.ffmpeg_layer.existing_arn }
  verify         = var.verify_existing
  architecture   = var.architecture
}

module "function" {
  source = "./modules/function"
  # Not the processors themselves, which name the layer: what is looked up in the module must not
  # have to wait until that is made.
  for_each = var.media

  account        = local.account
  name           = local.names["${each.key}_function"]
  description    = "Makes the renditions and the record of each of the ${each.key} that arrive."
  zip            = "${var.artifacts.directory}/${local.processors[each.key].artifact}.zip"
  staging_bucket = local.staging_buckets[local.processors[each.key].artifact]
  handler        = local.processors[each.key].handler
  runtime        = var.runtime
  architecture   = var.architecture
  layers         = local.processors[each.key].layers
  sizing         = local.processors[each.key].sizing
  logs           = var.logs
  alarms         = local.alarms
  own_alarms     = local.function_alarms[each.key]
  verify         = var.verify_existing
  tags           = var.tags

  redelivery_seconds = var.intake.enabled ? local.visibility_seconds[each.key] : null

  role = {
    name                 = local.names["${each.key}_role"]
    path                 = var.iam.path
    permissions_boundary = var.iam.permissions_boundary
    existing_name        = var.iam.existing_role_name
    attach_policies      = var.iam.attach_policies
  }

  permissions = merge({ for reason, permission in {
    read-originals = {
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = ["${module.storage["media"].arn}/${local.readable[each.key]}"]
    }
    write-outputs = !local.has_media_records ? null : {
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = ["${local.outputs_bucket.arn}/${local.forms.outputs}"]
    }
    read-watermarks = length(local.stills[each.key].watermarks) == 0 ? null : {
      actions = ["s3:GetObject"]
      resources = [for watermark in values(local.stills[each.key].watermarks) :
        "${local.outputs_bucket.arn}/${watermark.key}"
      ]
    }
    write-segments = each.key != "videos" ? null : {
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = ["${local.outputs_bucket.arn}/${local.forms.segments}"]
    }
    use-bucket-key = var.storage.kms == null ? null : {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = distinct(compact([var.storage.kms.key_arn, var.storage.kms.outputs_key_arn]))
    }
    keep-records = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.catalog.arn]
    }
    receive-jobs = !var.intake.enabled ? null : {
      actions = [
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
      ]
      resources = [local.queue_arns[each.key]]
    }
  } : reason => permission if permission != null }, local.processors[each.key].permissions)

  environment = { for name, value in {
    MEDIA_TABLE                  = module.catalog.name
    OUTPUT_BUCKET                = local.outputs_bucket.name
    DELIVERY_DOMAIN              = var.delivery_domain
    MEDIA_RECIPE                 = local.recipe_differences
    MAX_RECEIVES                 = tostring(local.max_receives)
    POWERTOOLS_SERVICE_NAME      = local.processors[each.key].artifact
    POWERTOOLS_METRICS_NAMESPACE = var.name
    POWERTOOLS_LOG_LEVEL         = var.logs.level
  } : name => value if value != null }
}

module "intake" {
  source   = "./modules/intake"
  for_each = { for route, processor in local.processors : route => processor if var.intake.enabled }

  account            = local.account
  route              = each.key
  name               = local.names["${each.key}_queue"]
  dead_letter_name   = local.names["${each.key}_dead_letter_queue"]
  bucket             = module.storage["media"].name
  suffixes           = local.recipe[each.key].suffixes
  key_prefix         = local.originals_prefix
  key_wildcard       = local.key_wildcard
  function_arn       = module.function[each.key].arn
  log_group          = module.function[each.key].log_group
  visibility_seconds = local.visibility_seconds[each.key]
  concurrency        = each.value.sizing.concurrency
  max_receives       = local.max_receives
  alarms             = local.alarms
  tags               = var.tags
}

module "sweep" {
  source = "./modules/function"
  count  = local.has_sweep ? 1 : 0

  account        = local.account
  name           = local.names.sweep
  description    = "Finds what stopped halfway, sends it again or gives it up, and removes what it left."
  zip            = "${var.artifacts.directory}/sweep.zip"
  staging_bucket = local.staging_buckets["sweep"]
  handler        = "sweep.lambda_handler"
  runtime        = var.runtime
  architecture   = var.architecture
  sizing         = { memory_mb = var.sweep.memory_mb, timeout_seconds = 900, storage_mb = 512 }
  logs           = var.logs
  alarms         = local.alarms
  own_alarms     = local.sweep_alarms
  verify         = var.verify_existing
  tags           = var.tags
  permissions    = local.sweep_permissions

  # It may take all the time it has; `unfinished` tells when that was not enough.
  watches = ["errors", "throttles"]

  role = {
    name                 = local.names.sweep_role
    said_in              = "sweep.existing_role_name"
    assumed_by           = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
    path                 = var.iam.path
    permissions_boundary = var.iam.permissions_boundary
    existing_name        = var.sweep.existing_role_name
    attach_policies      = var.iam.attach_policies
  }

  environment = { for name, value in {
    MEDIA_TABLE                  = module.catalog.name
    TABLE_KEY                    = jsonencode(compact([local.table_key.hash, local.table_key.range]))
    MEDIA_BUCKET                 = module.storage["media"].name
    OUTPUT_BUCKET                = local.outputs_bucket.name
    MEDIA_RECIPE                 = local.recipe_differences
    MAX_RECEIVES                 = tostring(local.max_receives)
    QUEUES                       = jsonencode(local.queue_urls)
    PENDING                      = try(length(local.pending.attributes), 0) == 0 ? null : jsonencode(local.pending)
    POWERTOOLS_SERVICE_NAME      = "sweep"
    POWERTOOLS_METRICS_NAMESPACE = var.name
    POWERTOOLS_LOG_LEVEL         = var.logs.level
  } : name => value if value != null }
}

module "schedule" {
  source = "./modules/schedule"
  count  = local.has_sweep ? 1 : 0

  account       = local.account
  name          = local.names.sweep
  description   = "Runs the sweep of ${var.name}."
  expression    = var.sweep.schedule
  function_name = local.names.sweep
  function_arn  = module.sweep[0].arn
  invoke_policy = module.sweep[0].invoke_policy
  alarms        = local.alarms
  tags          = var.tags

  role = {
    name                 = local.names.schedule_role
    path                 = var.iam.path
    permissions_boundary = var.iam.permissions_boundary
    existing_name        = var.sweep.existing_role_name
    attach_policies      = var.iam.attach_policies
  }
}

module "alarm_topic" {
  source = "./modules/alarm-topic"
  count  = local.has_own_topic ? 1 : 0

  account = local.account
  name    = local.names.alarm_topic
  emails  = var.alarms.emails
  tags    = var.tags
}

module "dashboard" {
  source = "./modules/dashboard"
  count  = local.has_dashboard ? 1 : 0

  name         = local.names.dashboard
  region       = local.account.region
  namespace    = var.name
  disk_percent = local.disk_percent

  functions = { for route, processor in local.processors : route => {
    name         = module.function[route].name
    service      = processor.artifact
    memory_mb    = processor.sizing.memory_mb
    architecture = var.architecture
  } }
  sweep = !local.has_sweep ? null : {
    name         = module.sweep[0].name
    service      = "sweep"
    memory_mb    = var.sweep.memory_mb
    architecture = var.architecture
  }
  queues = { for route, intake in module.intake : route => {
    queue             = intake.queue.name
    dead_letter_queue = intake.dead_letter_queue.name
  } }
}
