# The alarms of a function and of a route, and the topic that they tell.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  # modules/function
  account = {
    id = "123456789012", partition = "aws", region = "eu-central-1", dns_suffix = "amazonaws.com"
  }
  description  = "Makes renditions."
  zip          = "artifacts/image-processor.zip"
  handler      = "image_processor.lambda_handler"
  runtime      = "python3.13"
  architecture = "x86_64"
  sizing       = { memory_mb = 1769, timeout_seconds = 120, storage_mb = 512 }
  role         = { name = "shop-image-processor" }
  logs         = { retention_days = 30, level = "INFO" }
  permissions  = {}

  # modules/intake
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

# One error is mended by the next try; two within two tries, and more than 5 % of all, are told.
run "errors_of_a_function_behind_a_queue" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "shop-video-processor"
    alarms             = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }
    redelivery_seconds = 5400
  }

  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.this["errors"].metric_query :
      query.id => query.expression == null ? join(" ", [
        for metric in query.metric : "${metric.namespace} ${metric.metric_name} ${metric.stat} ${metric.period} ${metric.dimensions.FunctionName}"
      ]) : query.expression
      } == {
      errors      = "AWS/Lambda Errors Sum 10800 shop-video-processor"
      invocations = "AWS/Lambda Invocations Sum 10800 shop-video-processor"
      watched     = "IF(errors > 1, 100 * errors / invocations, 0)"
    }
    error_message = "The share of errors must be over two tries of a message, and one error none."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["errors"].threshold == 5 &&
      aws_cloudwatch_metric_alarm.this["errors"].metric_name == null &&
      one([for query in aws_cloudwatch_metric_alarm.this["errors"].metric_query : query.id if coalesce(query.return_data, false)]) == "watched"
    )
    error_message = "The share must be what is compared with 5 %."
  }
}

run "errors_with_short_tries_are_counted_for_an_hour" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "shop-image-processor"
    alarms             = { enabled = true, topic_arns = [] }
    redelivery_seconds = 720
  }

  assert {
    condition     = local.error_window == 3600
    error_message = "Errors must be counted over an hour at least."
  }
}

# CloudWatch takes periods of whole minutes.
run "errors_with_odd_tries" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "shop-image-processor"
    alarms             = { enabled = true, topic_arns = [] }
    redelivery_seconds = 6 * 401
  }

  assert {
    condition     = local.error_window % 60 == 0 && local.error_window >= 2 * 6 * 401
    error_message = "The window must be of whole minutes and hold two tries."
  }
}

run "alarms_of_a_function_by_itself" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name    = "shop-sweep"
    alarms  = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }
    watches = ["errors", "throttles"]

    environment = { POWERTOOLS_METRICS_NAMESPACE = "shop", POWERTOOLS_SERVICE_NAME = "sweep" }
    own_alarms = {
      disk = { metrics = ["DiskUsed"], statistic = "Maximum", threshold = 85, description = "Look first at the disk." }
      left = {
        metrics     = ["Found", "Requeued"]
        expression  = "found - requeued"
        statistic   = "Sum"
        period      = 3600
        threshold   = 4
        description = "Look first at what was left."
      }
    }
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.this)) == "disk errors left throttles"
    error_message = "There must be the alarms that are asked for, and no others."
  }

  # Nothing brings it back, so each one is told.
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["errors"].metric_name == "Errors" &&
      aws_cloudwatch_metric_alarm.this["errors"].threshold == 0 &&
      length(aws_cloudwatch_metric_alarm.this["errors"].metric_query) == 0
    )
    error_message = "Any error must ring."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["disk"].namespace == "shop" &&
      aws_cloudwatch_metric_alarm.this["disk"].metric_name == "DiskUsed" &&
      aws_cloudwatch_metric_alarm.this["disk"].statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.this["disk"].threshold == 85 &&
      aws_cloudwatch_metric_alarm.this["disk"].dimensions == tomap({ service = "sweep" })
    )
    error_message = "What the function emits must be looked for under its own namespace and service."
  }

  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.this["left"].metric_query :
      query.id => query.expression == null ? join(" ", [
        for metric in query.metric : "${metric.namespace} ${metric.metric_name} ${metric.stat} ${metric.period} ${metric.dimensions.service}"
      ]) : query.expression
      } == {
      found    = "shop Found Sum 3600 sweep"
      requeued = "shop Requeued Sum 3600 sweep"
      watched  = "found - requeued"
    }
    error_message = "What is reckoned of several metrics must be what is watched."
  }

  assert {
    condition = (
      endswith(aws_cloudwatch_metric_alarm.this["disk"].alarm_description, "at the disk. The log group is /aws/lambda/shop-sweep.") &&
      !strcontains(aws_cloudwatch_metric_alarm.this["throttles"].alarm_description, "queue")
    )
    error_message = "An alarm must name the log group, and no queue where there is none."
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarms.topic_arns) && alarm.treat_missing_data == "notBreaching" &&
      strcontains(alarm.alarm_description, "Look first")
    ])
    error_message = "Each alarm must tell the topics, and say what to look at first."
  }
}

run "several_metrics_of_which_nothing_is_made" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name   = "shop-sweep"
    alarms = { enabled = true, topic_arns = [] }
    own_alarms = {
      findings = { metrics = ["Found", "Missed"], statistic = "Sum", threshold = 0, description = "Look first." }
    }
  }
  expect_failures = [var.own_alarms]
}

run "alarms_of_a_route" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name   = "shop-images"
    alarms = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.age[0].namespace == "AWS/SQS" &&
      aws_cloudwatch_metric_alarm.age[0].metric_name == "ApproximateAgeOfOldestMessage" &&
      aws_cloudwatch_metric_alarm.age[0].dimensions == tomap({ QueueName = "shop-images" }) &&
      aws_cloudwatch_metric_alarm.age[0].threshold == 1440 &&
      aws_cloudwatch_metric_alarm.age[0].alarm_actions == toset(var.alarms.topic_arns)
    )
    error_message = "What waits for more than two tries must be told."
  }

  assert {
    condition = alltrue([for said in [
      "`aws sqs start-message-move-task --region eu-central-1 --source-arn arn:aws:sqs:eu-central-1:123456789012:shop-images-dead-letters`",
      "`aws sqs receive-message --region eu-central-1 --queue-url https://sqs.eu-central-1.amazonaws.com/123456789012/shop-images-dead-letters --max-number-of-messages 10`",
      "/aws/lambda/shop-image-processor",
    ] : strcontains(aws_cloudwatch_metric_alarm.dead_letters[0].alarm_description, said)])
    error_message = "Dead letters must come with the commands that show them and send them again: ${aws_cloudwatch_metric_alarm.dead_letters[0].alarm_description}"
  }

  assert {
    condition = alltrue([for said in ["`functions.images.concurrency`", "/aws/lambda/shop-image-processor"] :
      strcontains(aws_cloudwatch_metric_alarm.age[0].alarm_description, said)
    ])
    error_message = "Who is told must learn what to raise and where the log is."
  }
}

# CloudWatch takes 1024 characters, and CloudWatch Logs names of 512.
run "alarms_of_a_route_with_a_long_log_group" {
  command = plan
  module {
    source = "./modules/intake"
  }
  variables {
    name             = "shop-${join("", formatlist("%02d", range(29)))}"
    dead_letter_name = "shop-${join("", formatlist("%02d", range(37)))}"
    alarms           = { enabled = true, topic_arns = [] }
    log_group        = join("", formatlist("/%03d", range(128)))
  }

  assert {
    condition = (
      length(aws_cloudwatch_metric_alarm.dead_letters[0].alarm_description) <= 1024 &&
      length(aws_cloudwatch_metric_alarm.age[0].alarm_description) <= 1024 &&
      strcontains(aws_cloudwatch_metric_alarm.dead_letters[0].alarm_description, "${var.dead_letter_name}`.")
    )
    error_message = "No alarm may say more than CloudWatch takes, and none less than its commands."
  }
}

run "topic" {
  command = plan
  module {
    source = "./modules/alarm-topic"
  }
  variables {
    name   = "shop-alarms"
    emails = ["a@example.com", "b@example.com"]
  }

  assert {
    condition = jsondecode(aws_sns_topic_policy.this.policy).Statement == [{
      Sid       = "TakeAlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:123456789012:shop-alarms"
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:*" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "Only this account's alarms may be told to the topic."
  }

  assert {
    condition = { for address, subscription in aws_sns_topic_subscription.email :
      address => "${subscription.protocol} ${subscription.endpoint} ${subscription.topic_arn}"
      } == {
      "a@example.com" = "email a@example.com arn:aws:sns:eu-central-1:123456789012:shop-alarms"
      "b@example.com" = "email b@example.com arn:aws:sns:eu-central-1:123456789012:shop-alarms"
    }
    error_message = "Each address must hear of what the topic is told."
  }
}
