data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "storage" {
  source = "./modules/storage"

  account                       = local.account
  name                          = local.names.bucket
  force_destroy                 = var.storage.force_destroy
  versioning                    = var.storage.versioning
  kms_key_arn                   = var.storage.kms_key_arn
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
  point_in_time_recovery = var.catalog.point_in_time_recovery
  deletion_protection    = var.catalog.deletion_protection
  tags                   = var.tags
}

module "ffmpeg_layer" {
  source = "./modules/ffmpeg-layer"

  name         = local.names.ffmpeg_layer
  zip          = "${var.artifacts.directory}/ffmpeg-layer.zip"
  architecture = var.architecture
}

module "function" {
  source   = "./modules/function"
  for_each = local.processors

  account      = local.account
  name         = local.names["${each.key}_function"]
  description  = "Makes the renditions and the record of each of the ${each.key} that arrive."
  zip          = "${var.artifacts.directory}/${each.value.artifact}.zip"
  handler      = each.value.handler
  runtime      = var.runtime
  architecture = var.architecture
  layers       = each.value.layers
  sizing       = each.value.sizing
  role         = merge(var.iam, { name = local.names["${each.key}_role"] })
  logs         = var.logs
  alarms       = var.alarms
  tags         = var.tags

  permissions = merge({ for reason, permission in {
    read-originals = {
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = ["${module.storage.arn}/${local.originals_prefix}*"]
    }
    write-outputs = {
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = ["${module.storage.arn}/${local.outputs_prefix}*"]
    }
    read-watermarks = length(local.stills[each.key].watermarks) == 0 ? null : {
      actions = ["s3:GetObject"]
      resources = [for watermark in values(local.stills[each.key].watermarks) :
        "${module.storage.arn}/${watermark.key}"
      ]
    }
    write-segments = each.key != "videos" ? null : {
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = ["${module.storage.arn}/${local.segments_prefix}*"]
    }
    use-bucket-key = var.storage.kms_key_arn == null ? null : {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.storage.kms_key_arn]
    }
    keep-records = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.catalog.arn]
    }
    receive-jobs = {
      actions = [
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
      ]
      resources = [local.queue_arns[each.key]]
    }
  } : reason => permission if permission != null }, each.value.permissions)

  environment = { for name, value in {
    MEDIA_TABLE                  = module.catalog.name
    OUTPUT_BUCKET                = module.storage.name
    DELIVERY_DOMAIN              = var.delivery_domain
    MEDIA_RECIPE                 = local.recipe_differences
    MAX_RECEIVES                 = tostring(local.max_receives)
    POWERTOOLS_SERVICE_NAME      = each.value.artifact
    POWERTOOLS_METRICS_NAMESPACE = var.name
    POWERTOOLS_LOG_LEVEL         = var.logs.level
  } : name => value if value != null }
}

module "intake" {
  source   = "./modules/intake"
  for_each = local.processors

  account                  = local.account
  name                     = local.names["${each.key}_queue"]
  dead_letter_name         = local.names["${each.key}_dead_letter_queue"]
  bucket                   = module.storage.name
  suffixes                 = local.recipe[each.key].suffixes
  key_prefix               = local.originals_prefix
  function_arn             = module.function[each.key].arn
  function_timeout_seconds = each.value.sizing.timeout_seconds
  concurrency              = each.value.sizing.concurrency
  max_receives             = local.max_receives
  alarms                   = var.alarms
  tags                     = var.tags
}
