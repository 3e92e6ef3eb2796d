# The sweep: what it may do, what it is told, and when it is not there.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "its_policies" {
  command = plan

  assert {
    condition = { for reason, document in output.policies.sweep : reason => jsondecode(document) } == {
      list-originals = {
        Version = "2012-10-17"
        Statement = [{
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = ["arn:aws:s3:::shop-media-123456789012-eu-central-1"]
          Condition = { StringLike = { "s3:prefix" = "originals/*" } }
        }]
      }
      list-outputs = {
        Version = "2012-10-17"
        Statement = [{
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = ["arn:aws:s3:::shop-media-123456789012-eu-central-1"]
          Condition = { StringLike = { "s3:prefix" = "renditions/*" } }
        }]
      }
      read-originals = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = ["arn:aws:s3:::shop-media-123456789012-eu-central-1/originals/*/*/*"]
        }]
      }
      delete-outputs = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["s3:DeleteObject"]
          Resource = ["arn:aws:s3:::shop-media-123456789012-eu-central-1/renditions/*/*/*/*"]
        }]
      }
      find-records = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["dynamodb:Scan"]
          Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-media"]
        }]
      }
      keep-records = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
          Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-media"]
        }]
      }
      send-jobs = {
        Version = "2012-10-17"
        Statement = [{
          Effect = "Allow"
          Action = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
          Resource = [
            "arn:aws:sqs:eu-central-1:123456789012:shop-images",
            "arn:aws:sqs:eu-central-1:123456789012:shop-videos",
          ]
        }]
      }
      write-logs = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-sweep:*"]
        }]
      }
      invoke = {
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = ["arn:aws:lambda:eu-central-1:123456789012:function:shop-sweep"]
        }]
      }
    }
    error_message = "The sweep and its schedule may do other things than these: ${jsonencode(output.policies.sweep)}"
  }

  # It alone may list and delete.
  assert {
    condition = !anytrue(flatten([for route in ["images", "videos"] : [
      for document in values(output.policies[route]) : [
        for action in flatten(jsondecode(document).Statement[*].Action) :
        can(regex("^(s3:(List|Delete)|dynamodb:(Scan|Query|Delete|Batch)|sqs:Send)", action))
      ]
    ]]))
    error_message = "A function other than the sweep may list, delete, scan or send."
  }

  assert {
    condition = (
      output.sweep.role_arn == "arn:aws:iam::123456789012:role/shop-sweep-eu-central-1" &&
      output.sweep.schedule_role_arn == "arn:aws:iam::123456789012:role/shop-sweep-schedule-eu-central-1" &&
      output.sweep.schedule_arn == "arn:aws:scheduler:eu-central-1:123456789012:schedule/shop-sweep/shop-sweep" &&
      output.sweep.log_group == "/aws/lambda/shop-sweep"
    )
    error_message = "The sweep's names are others: ${jsonencode(output.sweep)}"
  }

  assert {
    condition = local.queue_urls == {
      images = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-images"
      videos = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-videos"
    }
    error_message = "The queues' URLs are not those that AWS makes."
  }
}

run "keys_that_stay_the_same_leave_nothing_to_delete" {
  command = plan
  variables {
    recipe = { keys = { outputs = "renditions/{project_id}/{media_id}/{output}" } }
  }

  assert {
    condition = join(" ", keys(output.policies.sweep)) == join(" ", [
      "find-records", "invoke", "keep-records", "list-originals", "read-originals", "send-jobs",
      "write-logs",
    ])
    error_message = "Without revisions the sweep must neither list nor delete what is made."
  }
}

run "two_buckets_and_a_key" {
  command = plan
  variables {
    media = ["images"]
    storage = {
      existing_bucket_name         = "acme-uploads"
      existing_outputs_bucket_name = "acme-renditions"
      kms = {
        key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/uploads"
        outputs_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/renditions"
      }
    }
    # As it is where uploads lie at the bucket's top: any prefix may be listed.
    recipe = { keys = { originals = "{project_id}/{media_id}_{name}.{ext}" } }
  }

  assert {
    condition = (
      jsondecode(output.policies.sweep.list-originals).Statement == [{
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = ["arn:aws:s3:::acme-uploads"]
      }] &&
      jsondecode(output.policies.sweep.list-outputs).Statement[0].Resource == ["arn:aws:s3:::acme-renditions"] &&
      jsondecode(output.policies.sweep.read-originals).Statement[0].Resource == ["arn:aws:s3:::acme-uploads/*/*_*.*"] &&
      jsondecode(output.policies.sweep.delete-outputs).Statement[0].Resource == ["arn:aws:s3:::acme-renditions/renditions/*/*/*/*"] &&
      jsondecode(output.policies.sweep.use-bucket-key).Statement == [{
        Effect = "Allow"
        Action = ["kms:Decrypt"]
        Resource = [
          "arn:aws:kms:eu-central-1:123456789012:key/uploads",
          "arn:aws:kms:eu-central-1:123456789012:key/renditions",
        ]
      }] &&
      jsondecode(output.policies.sweep.send-jobs).Statement[0].Resource == ["arn:aws:sqs:eu-central-1:123456789012:shop-images"]
    )
    error_message = "Uploads are listed and read in one bucket, revisions removed from the other."
  }
}

run "none_without_intake" {
  command = plan
  variables {
    intake    = { enabled = false }
    artifacts = { directory = "artifacts-without-sweep" }
  }

  assert {
    condition = (
      output.sweep == null && !contains(keys(output.policies), "sweep") &&
      length(module.sweep) == 0 && length(module.schedule) == 0
    )
    error_message = "Without intake there must be no sweep, and no need of its zip."
  }
}

run "none_if_it_is_not_wanted" {
  command = plan
  variables {
    sweep     = { enabled = false }
    artifacts = { directory = "artifacts-without-sweep" }
  }

  assert {
    condition     = output.sweep == null && !contains(keys(output.policies), "sweep")
    error_message = "There must be no sweep."
  }
}

run "one_without_intake_sends_nothing" {
  command = plan
  variables {
    intake = { enabled = false }
    sweep  = { enabled = true }
  }

  assert {
    condition = (
      length(local.queue_urls) == 0 && !contains(keys(output.policies.sweep), "send-jobs") &&
      contains(keys(output.policies.sweep), "delete-outputs")
    )
    error_message = "Without queues there is nowhere to send to; what is left over is removed all the same."
  }
}

run "one_for_cutting_jobs_alone_deletes_nothing" {
  command = plan
  variables {
    media  = ["videos"]
    intake = { enabled = false }
    sweep  = { enabled = true }
    recipe = { videos = { jobs = "segments" } }
  }

  assert {
    condition     = !anytrue([for document in values(output.policies.sweep) : strcontains(document, "s3:Delete")])
    error_message = "Where no renditions are made, none may be deleted."
  }
}

run "its_zip_is_asked_for" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-without-sweep" }
  }
  expect_failures = [var.artifacts]
}

run "a_role_of_the_callers" {
  command = plan
  variables {
    iam   = { path = "/acme/" }
    sweep = { existing_role_name = "acme-sweep" }
  }

  assert {
    condition = (
      output.sweep.role_arn == "arn:aws:iam::123456789012:role/acme/acme-sweep" &&
      output.sweep.schedule_role_arn == output.sweep.role_arn &&
      output.functions.images.role_arn == "arn:aws:iam::123456789012:role/acme/shop-image-processor-eu-central-1"
    )
    error_message = "The function and its schedule must run as the role that is there, the others as their own."
  }
}

# What may list and delete must not come to a role that the functions share.
run "a_role_of_its_own_beside_one_of_the_callers" {
  command = plan
  variables {
    iam = { existing_role_name = "acme-lambda", attach_policies = true }
  }

  assert {
    condition = (
      output.sweep.role_arn == "arn:aws:iam::123456789012:role/shop-sweep-eu-central-1" &&
      output.sweep.schedule_role_arn == "arn:aws:iam::123456789012:role/shop-sweep-schedule-eu-central-1" &&
      output.functions.images.role_arn == "arn:aws:iam::123456789012:role/acme-lambda"
    )
    error_message = "The sweep must have roles of its own."
  }
}

run "pending_of_a_table_that_is_made" {
  command = plan

  assert {
    condition     = local.pending == { attributes = tomap({ status = "pending" }), created_at = "createdAt" }
    error_message = "A table that is made holds pending records as the media API writes them."
  }
}

run "pending_of_a_table_of_the_callers" {
  command = plan
  variables {
    catalog = { existing_table_name = "acme-items" }
  }

  assert {
    condition     = local.pending == null
    error_message = "What an existing table's attributes mean must not be guessed."
  }
}

run "pending_as_the_caller_says" {
  command = plan
  variables {
    catalog = { existing_table_name = "acme-items" }
    sweep   = { pending = { attributes = { state = "NEW" }, created_at = "created" } }
  }

  assert {
    condition = (
      local.pending == { attributes = tomap({ state = "NEW" }), created_at = "created" } &&
      jsonencode(local.pending) == "{\"attributes\":{\"state\":\"NEW\"},\"created_at\":\"created\"}"
    )
    error_message = "The caller's own words for pending records were altered: ${jsonencode(local.pending)}"
  }
}

run "pending_without_a_time" {
  command = plan
  variables {
    sweep = { pending = { attributes = { status = "pending" }, created_at = "" } }
  }
  expect_failures = [var.sweep]
}

run "pending_with_nothing_to_compare" {
  command = plan
  variables {
    sweep = { pending = { attributes = { status = null }, created_at = "createdAt" } }
  }
  expect_failures = [var.sweep]
}

run "schedules_that_are_taken" {
  command = plan
  variables {
    sweep = { schedule = "cron(0 */6 * * ? *)" }
  }
}

run "the_shortest_rate" {
  command = plan
  variables {
    sweep = { schedule = "rate(15 minutes)" }
  }
}

run "the_longest_rate" {
  command = plan
  variables {
    sweep = { schedule = "rate(12 hours)" }
  }
}

run "a_rate_too_short" {
  command = plan
  variables {
    sweep = { schedule = "rate(14 minutes)" }
  }
  expect_failures = [var.sweep]
}

run "a_rate_too_long" {
  command = plan
  variables {
    sweep = { schedule = "rate(13 hours)" }
  }
  expect_failures = [var.sweep]
}

run "a_schedule_of_days" {
  command = plan
  variables {
    sweep = { schedule = "rate(1 day)" }
  }
  expect_failures = [var.sweep]
}

run "a_cron_without_a_year" {
  command = plan
  variables {
    sweep = { schedule = "cron(0 */6 * * ?)" }
  }
  expect_failures = [var.sweep]
}

run "a_cron_with_seconds" {
  command = plan
  variables {
    sweep = { schedule = "cron(0 0 */6 * * ? *)" }
  }
  expect_failures = [var.sweep]
}

run "a_schedule_in_plain_words" {
  command = plan
  variables {
    sweep = { schedule = "every 3 hours" }
  }
  expect_failures = [var.sweep]
}

run "a_role_by_its_arn" {
  command = plan
  variables {
    sweep = { existing_role_name = "arn:aws:iam::123456789012:role/acme-sweep" }
  }
  expect_failures = [var.sweep]
}

# What may list and delete would come to the functions.
run "the_functions_own_role" {
  command = plan
  variables {
    iam   = { existing_role_name = "acme-lambda" }
    sweep = { existing_role_name = "acme-lambda" }
  }
  expect_failures = [var.sweep]
}

run "half_a_megabyte" {
  command = plan
  variables {
    sweep = { memory_mb = 512.5 }
  }
  expect_failures = [var.sweep]
}
