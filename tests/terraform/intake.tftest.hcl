# One route by itself.

mock_provider "aws" {}

variables {
  account = { id = "123456789012", partition = "aws", region = "eu-central-1", dns_suffix = "amazonaws.com" }
  alarms  = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }

  route              = "images"
  log_group          = "/aws/lambda/shop-image-processor"
  dead_letter_name   = "shop-images-dead-letters"
  bucket             = "shop-media"
  suffixes           = [".jpg", ".png"]
  key_prefix         = "originals/"
  function_arn       = "arn:aws:lambda:eu-central-1:123456789012:function:shop-image-processor"
  visibility_seconds = 720
  concurrency        = 5
  max_receives       = 5
}

run "intake" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name = "shop-images"
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this.event_pattern) == {
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      detail = {
        bucket = { name = ["shop-media"] }
        object = { key = [
          { suffix = { equals-ignore-case = ".jpg" } },
          { suffix = { equals-ignore-case = ".png" } },
        ] }
      }
    }
    error_message = "The rule must match the bucket's new objects by suffix, whatever their reason."
  }

  assert {
    condition = (
      jsondecode(one(one(aws_lambda_event_source_mapping.this.filter_criteria).filter).pattern) ==
      { body = { detail = { object = { key = [{ prefix = "originals/" }] } } } }
    )
    error_message = "The mapping must let keys with the originals' prefix pass."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.batch_size == 1 &&
      aws_lambda_event_source_mapping.this.scaling_config[0].maximum_concurrency == 5 &&
      tolist(aws_lambda_event_source_mapping.this.function_response_types) ==
      tolist(["ReportBatchItemFailures"])
    )
    error_message = "The mapping must hand out one message at a time, five at once, and hear which failed."
  }

  assert {
    condition = (
      aws_sqs_queue.this.visibility_timeout_seconds == 720 &&
      aws_sqs_queue.this.receive_wait_time_seconds == 20 &&
      aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    )
    error_message = "The queue must hide a message for six timeouts, wait for messages, and be encrypted."
  }

  assert {
    condition = (
      jsondecode(aws_sqs_queue.this.redrive_policy) == {
        deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:shop-images-dead-letters"
        maxReceiveCount     = 5
      } &&
      jsondecode(aws_sqs_queue.dead_letters.redrive_allow_policy) == {
        redrivePermission = "byQueue"
        sourceQueueArns   = ["arn:aws:sqs:eu-central-1:123456789012:shop-images"]
      } &&
      aws_sqs_queue.dead_letters.message_retention_seconds >
      aws_sqs_queue.this.message_retention_seconds
    )
    error_message = "A message that failed five times must go to the dead letters, and stay there longer."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.policy).Statement == [{
      Sid       = "TakeEventsOfOneRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-images"
      Condition = {
        ArnEquals = {
          "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/shop-images"
        }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "Only the route's own rule may send."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.dead_letters[0].dimensions ==
      tomap({ QueueName = "shop-images-dead-letters" }) &&
      aws_cloudwatch_metric_alarm.dead_letters[0].alarm_actions == toset(var.alarms.topic_arns)
    )
    error_message = "Dead letters must be told to the topics."
  }
}

run "intake_of_every_prefix" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name       = "shop-images"
    key_prefix = ""
    alarms     = { enabled = false, topic_arns = [] }
  }

  assert {
    condition = (
      length(aws_lambda_event_source_mapping.this.filter_criteria) == 0 &&
      length(aws_cloudwatch_metric_alarm.dead_letters) == 0
    )
    error_message = "Without a prefix there is nothing to filter, and no alarm when they are off."
  }
}

# 46 suffixes of five characters make a pattern of 2,049.
run "intake_with_a_pattern_of_2048_characters" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name     = "shop-images"
    suffixes = concat([for number in range(45) : format(".%04d", number)], [".mp4"])
  }
}

run "intake_with_a_pattern_of_2049_characters" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name     = "shop-images"
    suffixes = [for number in range(46) : format(".%04d", number)]
  }
  expect_failures = [aws_cloudwatch_event_rule.this]
}

run "intake_by_a_wildcard" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name         = "shop-images"
    suffixes     = [".jpg"]
    key_wildcard = "projects/*/original.*"
  }

  assert {
    condition = (
      jsondecode(aws_cloudwatch_event_rule.this.event_pattern).detail.object.key ==
      [{ wildcard = "projects/*/original.*" }] &&
      strcontains(aws_cloudwatch_event_rule.this.description, "projects/*/original.*")
    )
    error_message = "The rule must match what the wildcard says, and nothing besides."
  }

  assert {
    condition = (
      jsondecode(one(one(aws_lambda_event_source_mapping.this.filter_criteria).filter).pattern) ==
      { body = { detail = { object = { key = [
        { suffix = ".jpg" }, { suffix = ".JPG" }, { suffix = ".Jpg" },
      ] } } } }
    )
    error_message = "The mapping must let the route's own suffixes pass, however they are written."
  }
}

run "intake_with_a_filter_that_is_too_long" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name         = "shop-images"
    suffixes     = [for number in range(100) : ".jpg${number}"]
    key_wildcard = "projects/*/original.*"
  }
  expect_failures = [aws_lambda_event_source_mapping.this]
}
