# The dashboard: every metric on it is of something that the same plan makes.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "every_metric_is_of_something_that_is_made" {
  command = plan

  assert {
    condition = output.dashboard.name == "shop-media-eu-central-1" && alltrue([
      for widget in jsondecode(output.dashboard.body).widgets :
      widget.type == "metric" && widget.properties.region == "eu-central-1" &&
      length(widget.properties.title) > 0 && length(widget.properties.metrics) > 0
    ])
    error_message = "Each widget must show metrics of this region, under a title."
  }

  # An expression stands in an object by itself; a metric is named by its first four words.
  assert {
    condition = toset(flatten([for widget in jsondecode(output.dashboard.body).widgets : [
      for metric in widget.properties.metrics : join(" ", slice(metric, 0, 4)) if length(metric) > 1
      ]])) == toset(concat(
      flatten([for queues in output.queues : [
        "AWS/SQS ApproximateAgeOfOldestMessage QueueName ${queues.queue.name}",
        "AWS/SQS ApproximateNumberOfMessagesVisible QueueName ${queues.dead_letter_queue.name}",
      ]]),
      flatten([for name in concat(values(output.functions)[*].name, [output.sweep.name]) : [
        for metric in ["Duration", "Errors", "Invocations", "Throttles"] :
        "AWS/Lambda ${metric} FunctionName ${name}"
      ]]),
      flatten([for service in ["image-processor", "video-processor"] : [
        for metric in ["Uploads", "Completed", "Failed", "DiskUsed"] : "shop ${metric} service ${service}"
      ]]),
      [for metric in [
        "LeasesExpired", "UploadsMissed", "PendingExpired", "Requeued", "GivenUp", "RevisionsRemoved",
        "Unfinished",
      ] : "shop ${metric} service sweep"],
    ))
    error_message = "The dashboard shows other metrics than those of what is made."
  }

  assert {
    condition = flatten([for widget in jsondecode(output.dashboard.body).widgets : [
      for metric in widget.properties.metrics : metric[0].expression
      if length(metric) == 1 && startswith(try(metric[0].expression, ""), "SEARCH")
    ]]) == ["SEARCH('{\"shop\",service,code} MetricName=\"Failures\"', 'Sum')"]
    error_message = "Failures must be shown by their codes, whichever there are."
  }
}

run "two_in_a_row_and_none_over_another" {
  command = plan

  assert {
    condition = (
      length(distinct([for widget in jsondecode(output.dashboard.body).widgets : "${widget.x} ${widget.y}"])) ==
      length(jsondecode(output.dashboard.body).widgets) &&
      alltrue([for widget in jsondecode(output.dashboard.body).widgets :
        contains([0, 12], widget.x) && widget.y % 6 == 0 && widget.width == 12 && widget.height == 6
      ])
    )
    error_message = "The widgets must stand beside each other."
  }

  # CloudWatch refuses two of a name in one widget.
  assert {
    condition = alltrue([for widget in jsondecode(output.dashboard.body).widgets :
      length(distinct([for metric in widget.properties.metrics : metric[length(metric) - 1].id if can(metric[length(metric) - 1].id)])) ==
      length([for metric in widget.properties.metrics : true if can(metric[length(metric) - 1].id)])
    ])
    error_message = "Each id must be there once in its widget."
  }
}

# 3,008 MB for 1,000 s are 2,937.5 GB-seconds.
run "what_lambda_costs" {
  command = plan
  module {
    source = "./modules/dashboard"
  }
  variables {
    name         = "shop-media"
    region       = "eu-central-1"
    namespace    = "shop"
    disk_percent = 85
    queues       = {}
    functions = {
      videos = { name = "shop-video-processor", service = "video-processor", memory_mb = 3008, architecture = "arm64" }
    }
  }

  assert {
    condition = flatten([for widget in jsondecode(output.body).widgets : [
      for metric in widget.properties.metrics : metric[0].expression
      if can(metric[0].expression) && strcontains(widget.properties.title, "estimate")
    ]]) == ["videos_duration / 1000 * 3008 / 1024 * 0.0000133334 + videos_invocations * 0.0000002"]
    error_message = "The cost must be that of the memory, by architecture, and of the requests."
  }

  assert {
    condition = !anytrue([for widget in jsondecode(output.body).widgets :
      strcontains(jsonencode(widget.properties.metrics), "AWS/SQS") ||
      strcontains(jsonencode(widget.properties.metrics), "sweep")
    ])
    error_message = "Without queues and a sweep nothing of them must be shown."
  }

  assert {
    condition = contains(
      flatten([for widget in jsondecode(output.body).widgets : [
        for line in try(widget.properties.annotations.horizontal, []) : line.value
      ]]), 85,
    )
    error_message = "The alarm's share of the disk must be drawn."
  }
}

run "prices_of_the_callers" {
  command = plan
  module {
    source = "./modules/dashboard"
  }
  variables {
    name         = "shop-media"
    region       = "eu-central-1"
    namespace    = "shop"
    disk_percent = 85
    queues       = {}
    prices       = { gb_second = { x86_64 = 0.00002 } }
    functions = {
      images = { name = "shop-image-processor", service = "image-processor", memory_mb = 1769, architecture = "x86_64" }
    }
  }

  assert {
    condition     = strcontains(output.body, "images_duration / 1000 * 1769 / 1024 * 0.00002 + images_invocations * 0.0000002")
    error_message = "The caller's own prices must be reckoned with."
  }
}

run "jobs_alone" {
  command = plan
  variables {
    media  = ["videos"]
    intake = { enabled = false }
  }

  assert {
    condition = (
      !strcontains(output.dashboard.body, "AWS/SQS") && !strcontains(output.dashboard.body, "sweep") &&
      !strcontains(output.dashboard.body, "\"Uploads\"") && strcontains(output.dashboard.body, "\"Failed\"") &&
      !strcontains(output.dashboard.body, "image") && strcontains(output.dashboard.body, "shop-video-processor")
    )
    error_message = "The dashboard must show what there is, and nothing else."
  }
}
