# Things that the caller has already, in every combination with things that are made.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name                = "shop"
  artifacts           = { directory = "artifacts" }
  artifacts_directory = "artifacts"
}

run "every_combination" {
  command = plan
  module {
    source = "./tests/terraform/combinations"
  }

  assert {
    condition     = length(output.media) == 32
    error_message = "There are not 32 combinations of five things."
  }

  assert {
    condition = alltrue([for media in output.media :
      media.bucket == (
        media.adopted.bucket ? {
          name                 = "acme-media"
          arn                  = "arn:aws:s3:::acme-media"
          regional_domain_name = "acme-media.s3.eu-central-1.amazonaws.com"
          } : {
          name                 = "shop-media-123456789012-eu-central-1"
          arn                  = "arn:aws:s3:::shop-media-123456789012-eu-central-1"
          regional_domain_name = "shop-media-123456789012-eu-central-1.s3.eu-central-1.amazonaws.com"
        }
      ) && media.outputs_bucket == media.bucket
    ])
    error_message = "The bucket's outputs are others than its name says."
  }

  assert {
    condition = alltrue([for media in output.media :
      media.table.name == (media.adopted.table ? "acme-items" : "shop-media") &&
      media.table.arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/${media.table.name}"
    ])
    error_message = "The table's outputs are others than its name says."
  }

  assert {
    condition = alltrue(flatten([for media in output.media : [
      for route, function in media.functions : [
        function.role_arn == join("", [
          "arn:aws:iam::123456789012:role/acme/", media.adopted.role ? "acme-lambda" :
          "shop-${trimsuffix(route, "s")}-processor-eu-central-1",
        ]),
        function.log_group == (
          media.adopted.logs ? "/acme/media" : "/aws/lambda/shop-${trimsuffix(route, "s")}-processor"
        ),
      ]
    ]]))
    error_message = "A function has another role or log group than the one it was to have."
  }

  assert {
    condition = alltrue([for media in output.media : !media.adopted.layer ||
      media.ffmpeg_layer_arn == "arn:aws:lambda:eu-central-1:123456789012:layer:acme-ffmpeg:3"
    ])
    error_message = "The layer that is there is not the one that is used."
  }

  assert {
    condition = alltrue([for media in output.media :
      media.eventbridge_switch.owner_must_add == media.adopted.bucket &&
      (media.eventbridge_switch.block != null) == media.adopted.bucket
    ])
    error_message = "Owners of existing buckets alone have something left to do."
  }
}

run "the_block_for_the_owner" {
  command = plan
  variables {
    storage = { existing_bucket_name = "acme-media" }
  }

  assert {
    condition = strcontains(output.eventbridge_switch.block, <<-EOT
      resource "aws_s3_bucket_notification" "media" {
        bucket      = "acme-media"
        eventbridge = true
      }
    EOT
    )
    error_message = "The block must be the one to paste: ${output.eventbridge_switch.block}"
  }
}

run "nothing_to_switch_on_without_intake" {
  command = plan
  variables {
    intake  = { enabled = false }
    storage = { existing_bucket_name = "acme-media" }
  }

  assert {
    condition = (
      !output.eventbridge_switch.owner_must_add && length(output.queues) == 0 &&
      alltrue([for policies in output.policies : !contains(keys(policies), "receive-jobs")])
    )
    error_message = "Without intake there is no queue, and nobody reads one."
  }
}

run "the_notification_document_is_written_if_asked" {
  command = plan
  variables {
    storage = { existing_bucket_name = "acme-media", manage_bucket_notifications = true }
  }

  assert {
    condition = (
      !output.eventbridge_switch.owner_must_add && local.buckets.media.manage_notifications
    )
    error_message = "Who lets the module write the document has nothing left to do."
  }
}

run "videos_alone" {
  command = plan
  variables {
    media     = ["videos"]
    artifacts = { directory = "artifacts-of-videos" }
  }

  assert {
    condition     = join(" ", keys(output.functions)) == "videos" && join(" ", keys(output.queues)) == "videos"
    error_message = "There must be one function and one route, and no need of the other's zip."
  }
}

run "images_alone" {
  command = plan
  variables {
    media     = ["images"]
    artifacts = { directory = "artifacts-of-images" }
  }

  assert {
    condition = (
      join(" ", keys(output.functions)) == "images" && output.ffmpeg_layer_arn == null &&
      output.cutting_job == null && !contains(keys(output.policies.images), "write-segments")
    )
    error_message = "There must be one function, no layer, and nothing about cutting."
  }
}

run "two_buckets_and_their_keys" {
  command = plan
  variables {
    storage = {
      existing_bucket_name         = "acme-uploads"
      existing_outputs_bucket_name = "acme-renditions"
      kms = {
        key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/uploads"
        outputs_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/renditions"
      }
    }
  }

  assert {
    condition = (
      jsondecode(output.policies.images.read-originals).Statement[0].Resource ==
      ["arn:aws:s3:::acme-uploads/originals/*/*/*"] &&
      jsondecode(output.policies.images.write-outputs).Statement[0].Resource ==
      ["arn:aws:s3:::acme-renditions/renditions/*/*/*/*"] &&
      jsondecode(output.policies.images.use-bucket-key).Statement[0].Resource == [
        "arn:aws:kms:eu-central-1:123456789012:key/uploads",
        "arn:aws:kms:eu-central-1:123456789012:key/renditions",
      ]
    )
    error_message = "Uploads are read from one bucket, and what is made is written to the other."
  }
}

run "who_may_invoke" {
  command = plan

  assert {
    condition = jsondecode(output.invoke_policies.videos).Statement == [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = ["arn:aws:lambda:eu-central-1:123456789012:function:shop-video-processor"]
    }]
    error_message = "Whoever may invoke may do that, to this one function, and nothing else."
  }
}

run "large_zips_by_way_of_the_bucket_made_here" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-large" }
  }

  assert {
    condition = (
      local.staging_buckets.image-processor == "shop-media-123456789012-eu-central-1" &&
      local.staging_buckets.video-processor == "shop-media-123456789012-eu-central-1"
    )
    error_message = "A zip over 50 MB must go by way of the media bucket."
  }
}

run "large_zips_by_way_of_a_bucket_of_the_callers" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-large", bucket = "acme-builds" }
    storage   = { existing_bucket_name = "acme-media" }
  }

  assert {
    condition     = local.staging_buckets.ffmpeg-layer == "acme-builds"
    error_message = "A zip over 50 MB must go by way of the bucket that is named."
  }
}

run "small_zips_go_directly" {
  command = plan
  variables {
    artifacts = { directory = "artifacts", bucket = "acme-builds" }
  }

  assert {
    condition     = local.staging_buckets.image-processor == null
    error_message = "A zip that Lambda takes directly needs no bucket."
  }
}

run "large_zips_with_nowhere_to_lie" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-large" }
    storage   = { existing_bucket_name = "acme-media" }
  }
  expect_failures = [var.artifacts]
}
